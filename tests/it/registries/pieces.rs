//! Streams that arrive in pieces or end too soon: what comes of a layer does not depend on where its bytes were cut,
//! and half a layer is no layer.

use crate::support::tar::{BLOCK, seal};
use crate::support::{Compression, Random, Sandbox, tree};
use parts::Part;
use reader::Pieces;
use roots::extract::Extractor;
use roots::layer::LayerStream;
use roots::oci::{Descriptor, Digest, Layer};
use roots::sys::Dir;
use std::fs::{self, Permissions};
use std::io::{BufRead, Read, Sink};
use std::os::unix::fs::PermissionsExt as _;

mod parts;
mod reader;

const COMPRESSIONS: [Compression; 7] = [
    Compression::None,
    Compression::Gzip,
    Compression::GzipMembers(5),
    Compression::Zstd,
    Compression::ZstdFrames(5),
    Compression::ZstdSkippableFirst,
    Compression::ZstdSkippableWithin,
];

/// How many spoilt layers are tried.
const SPOILT: u64 = 600;

/// A tree, or the sentence that says why there is none.
type Outcome = Result<tree::Tree, String>;

/// The tars of the layers, as a fuzzer's first ones.
pub(crate) fn tars() -> Vec<(String, Vec<u8>)> {
    let tar = |parts: Vec<Part>| {
        let mut tar: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
        tar.resize(tar.len() + 2 * BLOCK, 0);
        tar
    };
    let layers = parts::layers().into_iter();
    layers
        .map(|(name, parts)| (name.to_ascii_lowercase().replace(' ', "-"), tar(parts)))
        .collect()
}

/// What comes of a tar, read from `stream`.
fn extract(sandbox: &Sandbox, stream: &mut dyn BufRead) -> Outcome {
    let place = sandbox.mkdir("tree");
    fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
    let root = Dir::open_path(&place).unwrap();
    // A spoilt map of holes can ask for more than can be looked at.
    let mut extractor = Extractor::new(&root, Some(16 << 20), &Default::default()).unwrap();
    let applied = extractor.apply(&Digest::sha256(b""), stream);
    let applied = applied.and_then(|()| extractor.finish());
    let outcome = applied
        .map(|_| tree::list(&place))
        .map_err(|error| error.to_string());
    crate::support::sandbox::remove(&place).unwrap();
    outcome
}

/// What comes of a blob whose own digest is right, and that is to hold `tar`.
fn pull(sandbox: &Sandbox, tar: &[u8], blob: &[u8], stream: impl Read) -> Outcome {
    let layer = Layer {
        blob: Descriptor {
            media_type: "application/vnd.oci.image.layer.v1.tar".to_owned(),
            digest: Digest::sha256(blob),
            size: blob.len() as u64,
            platform: None,
            artifact_type: None,
            annotations: None,
        },
        diff_id: Digest::sha256(tar),
    };
    let stream = LayerStream::new(&layer, stream, None::<Sink>);
    let mut stream = stream.map_err(|error| error.to_string())?;
    let tree = extract(sandbox, stream.tar())?;
    let finished = stream.finish().map_err(|error| error.to_string())?;
    finished.unwrap();
    Ok(tree)
}

#[track_caller]
fn assert_same(whole: &Outcome, pieces: &Outcome, what: &str) {
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => assert_eq!(tree::diff(whole, pieces), [""; 0], "{what}"),
        (whole, pieces) => {
            let sentence = |outcome: &Outcome| outcome.clone().map(|tree| tree.len());
            assert_eq!(sentence(whole), sentence(pieces), "{what}");
        }
    }
}

#[test]
fn pieces_of_a_layer_make_the_same_tree() {
    let sandbox = Sandbox::in_memory("roots-pieces");
    let tar = parts::everything();
    let whole = extract(&sandbox, &mut &tar[..]);
    assert!(
        whole.as_ref().is_ok_and(|tree| tree.len() > 15),
        "{whole:?}"
    );
    for seed in 0..40 {
        for largest in [1, 2, 7, 511, 513, 5000] {
            let mut pieces = Pieces::new(&tar, largest, seed);
            let outcome = extract(&sandbox, &mut pieces);
            assert_same(
                &whole,
                &outcome,
                &format!("pieces of {largest}, seed {seed}"),
            );
        }
    }
    for compression in COMPRESSIONS {
        let blob = compression.compress(&tar, false);
        assert_same(&whole, &pull(&sandbox, &tar, &blob, &blob[..]), "whole");
        for seed in 0..4 {
            for largest in [1, 2, 7, 100, 5000] {
                let pieces = Pieces::new(&blob, largest, seed);
                let outcome = pull(&sandbox, &tar, &blob, pieces);
                let what = format!("{compression:?} in pieces of {largest}, seed {seed}");
                assert_same(&whole, &outcome, &what);
            }
        }
    }
}

/// Longer than any buffer on the way, so that they are filled more than once.
#[test]
fn pieces_of_a_long_layer_make_the_same_tree() {
    let sandbox = Sandbox::in_memory("roots-pieces");
    let mut random = Random::new(5);
    let contents: Vec<u8> = (0..700_001).map(|_| random.next() as u8).collect();
    let layer = crate::support::Layer::new();
    let layer = layer.file("a", 0o644, &contents).file("b", 0o644, "behind");
    let tar = layer.tar();
    for compression in COMPRESSIONS {
        let blob = compression.compress(&tar, false);
        let whole = pull(&sandbox, &tar, &blob, &blob[..]);
        assert_eq!(whole.as_ref().map(tree::Tree::len), Ok(3));
        let pieces = Pieces::new(&blob, 30_000, 1);
        assert_same(&whole, &pull(&sandbox, &tar, &blob, pieces), "in pieces");
    }
}

/// Spoilt layers are refused with the same words, or read the same, however they arrive.
#[test]
fn pieces_of_a_spoilt_layer_fail_alike() {
    let sandbox = Sandbox::in_memory("roots-pieces");
    let tar = parts::everything();
    let mut refused = 0u64;
    for seed in 0..SPOILT {
        let mut random = Random::new(seed);
        let spoilt = spoil(&tar, &mut random);
        let whole = extract(&sandbox, &mut &spoilt[..]);
        refused += u64::from(whole.is_err());
        let mut pieces = Pieces::new(&spoilt, random.pick(&[1, 30, 700]), seed);
        let what = format!("spoilt with seed {seed}");
        assert_same(&whole, &extract(&sandbox, &mut pieces), &what);
    }
    assert!(
        (SPOILT / 5..SPOILT).contains(&refused),
        "{refused} of {SPOILT}"
    );
    for compression in COMPRESSIONS {
        let blob = compression.compress(&tar, false);
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let mut spoilt = blob.clone();
            spoilt[random.below(blob.len())] ^= 1 << random.below(8);
            let whole = pull(&sandbox, &tar, &spoilt, &spoilt[..]);
            let pieces = Pieces::new(&spoilt, 100, seed);
            let what = format!("{compression:?} spoilt with seed {seed}");
            assert_same(&whole, &pull(&sandbox, &tar, &spoilt, pieces), &what);
        }
    }
}

/// Changes a few bytes. Where that is in a header, the sum is mostly made to fit.
fn spoil(tar: &[u8], random: &mut Random) -> Vec<u8> {
    let mut spoilt = tar.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(spoilt.len());
        spoilt[at] = random.pick(&[0, b' ', b'0', b'7', b'/', b'.', 0xff, b'x']);
        let (blocks, _) = spoilt.as_chunks_mut::<BLOCK>();
        let block = &mut blocks[at / BLOCK];
        if block[257..262] == *b"ustar" && random.percent(90) {
            seal(block);
        }
    }
    spoilt
}

/// At each byte: a tar that ends behind an entry is one that lacks its end marker, which writers do; its last block may
/// lack what only fills it. Every other end is none.
#[test]
fn a_tar_cut_anywhere_is_refused_or_whole_so_far() {
    let sandbox = Sandbox::in_memory("roots-cut");
    for (name, parts) in parts::layers() {
        let mut tar = Vec::new();
        for part in parts {
            let so_far = extract(&sandbox, &mut &tar[..]);
            let Part { bytes, padding } = part;
            let begin = tar.len();
            tar.extend(&bytes);
            let with_it = extract(&sandbox, &mut &tar[..]);
            assert!(with_it.is_ok(), "{name}: {with_it:?}");
            for cut in begin..tar.len() {
                let outcome = extract(&sandbox, &mut &tar[..cut]);
                let what = format!("{name} cut at {cut}");
                if cut == begin {
                    assert_same(&so_far, &outcome, &what);
                } else if cut + padding >= tar.len() {
                    assert_same(&with_it, &outcome, &what);
                } else {
                    assert!(outcome.is_err(), "{what}");
                }
            }
        }
        let end = tar.len();
        tar.resize(end + 2 * BLOCK, 0);
        for cut in end..=tar.len() {
            let outcome = extract(&sandbox, &mut &tar[..cut]);
            assert_eq!(
                outcome.is_ok(),
                (cut - end) % BLOCK == 0,
                "{name} cut at {cut}"
            );
        }
    }
}

/// The digest of the blob is right, because the image was built so: the DiffID, or what stands at the end of the
/// compression, says that something is missing.
#[test]
fn a_blob_cut_anywhere_is_refused() {
    let sandbox = Sandbox::in_memory("roots-cut");
    let parts = parts::layers().pop().unwrap().1;
    let mut tar: Vec<u8> = parts.into_iter().flat_map(|part| part.bytes).collect();
    tar.resize(tar.len() + 2 * BLOCK, 0);
    for compression in COMPRESSIONS {
        let blob = compression.compress(&tar, false);
        // Only a frame that holds nothing can be missing: a skippable one at the end, with its header of 8 bytes.
        let enough = match compression {
            Compression::ZstdSkippableWithin => blob.len() - 8 - "the table of contents".len(),
            _ => blob.len(),
        };
        for cut in 0..=blob.len() {
            let outcome = pull(&sandbox, &tar, &blob[..cut], &blob[..cut]);
            let whole = cut == enough || cut == blob.len();
            assert_eq!(
                outcome.is_ok(),
                whole,
                "{compression:?} cut at {cut}: {outcome:?}"
            );
        }
    }
}
