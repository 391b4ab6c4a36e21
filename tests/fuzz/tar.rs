//! Bytes as layers: nothing panics, nothing hangs, nothing outside of the tree changes, and what comes of them does not
//! depend on how the stream is cut. The input is one tar, which is applied twice, or two behind one another.
#![no_main]

mod archive;
mod ground;
mod listing;
mod peak;

use archive::BLOCK;
use ground::Ground;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use listing::Listing;
use roots::extract::Extractor;
use roots::oci::Digest;
use std::cell::RefCell;
use std::io::{BufRead, BufReader};

/// How much a tree may hold: holes of terabytes are no finding.
const LIMIT: u64 = 1 << 20;

thread_local! {
    static GROUND: RefCell<Option<Ground>> = const { RefCell::new(None) };
}

fuzz_target!(|data: &[u8]| {
    GROUND.with_borrow_mut(|ground| {
        let ground = ground.get_or_insert_with(Ground::new);
        let (mut first, mut second) = layers(data);
        let whole = extract(ground, &mut first, &mut second);
        // An odd number, so that no block is like another.
        let length = 1 + data.len() % 97 * 2;
        let (first, second) = layers(data);
        let pieces = |layer| BufReader::with_capacity(length, layer);
        let in_pieces = extract(ground, &mut pieces(first), &mut pieces(second));
        assert_eq!(whole, in_pieces, "in pieces of {length} bytes");
    });
});

/// What comes of two layers: the sentence that says what is wrong, if anything is, and the tree.
fn extract(
    ground: &mut Ground,
    first: &mut dyn BufRead,
    second: &mut dyn BufRead,
) -> (Option<String>, Vec<String>) {
    let root = ground.begin();
    let applied = peak::bounded(|| {
        let mut extractor = Extractor::new(&root, Some(LIMIT), &Default::default())?;
        let name = Digest::sha256(b"");
        extractor.apply(&name, first)?;
        extractor.apply(&name, second)?;
        extractor.finish()
    });
    let wrong = applied.err().map(|error| error.to_string());
    let listing = Listing::of(&root, wrong.is_none());
    ground.end();
    (wrong, listing)
}

/// The first tar, to its end marker, and what follows it, or else the same again.
fn layers(data: &[u8]) -> (&[u8], &[u8]) {
    let (blocks, _) = data.as_chunks::<BLOCK>();
    let marker = blocks.windows(2).position(|pair| pair == [[0; BLOCK]; 2]);
    match marker.map(|at| data.split_at((at + 2) * BLOCK)) {
        Some((first, second)) if !second.is_empty() => (first, second),
        _ => (data, data),
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    archive::mutate(data, size, max_size, seed)
});
