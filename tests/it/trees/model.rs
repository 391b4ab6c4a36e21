//! Layers against a model: random sequences of them, applied to a folder and to a tree in memory that knows nothing but
//! the rules. ROOTS_SEQUENCES says how many, ROOTS_SEED where to begin; a failure names the seed that repeats it.

use crate::support::{Random, random};
use image::{Sequence, listing};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use trial::{Bench, Verdict};

mod by_hand;
mod disk;
mod generator;
mod image;
mod selections;
mod spec;
mod tree;
mod trial;

const SEED: u64 = 1;
const SEQUENCES: u64 = 10_000;

/// How often each verdict came.
#[derive(Default)]
struct Tally {
    same: AtomicU64,
    refused: AtomicU64,
    open: AtomicU64,
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "shown when the test fails, and on request"
)]
fn layers_do_what_the_spec_says() {
    let seed = random::from_environment("ROOTS_SEED", SEED);
    let sequences = random::from_environment("ROOTS_SEQUENCES", SEQUENCES);
    let (next, tally) = (AtomicU64::new(0), Tally::default());
    let work = |name: &str| {
        let bench = Bench::new(name);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= sequences {
                return;
            }
            let seed = seed.wrapping_add(number);
            let sequence = generator::sequence(&mut Random::new(seed));
            match bench.try_out(&sequence) {
                Ok(verdict) => tally.count(verdict),
                Err(_) => {
                    next.store(sequences, Ordering::Relaxed);
                    panic!("{}", report(seed, &sequence, &bench));
                }
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| work("model-1"));
        work("model-2");
    });
    let count = |verdicts: &AtomicU64| verdicts.load(Ordering::Relaxed);
    let (same, refused, open) = (
        count(&tally.same),
        count(&tally.refused),
        count(&tally.open),
    );
    println!(
        "{sequences} sequences from seed {seed}: {same} trees, {refused} refused, {open} open"
    );
    assert_eq!(same + refused + open, sequences);
    assert!(
        sequences < 100 || same * 10 > sequences * 8,
        "only {same} trees"
    );
    assert!(
        sequences < 100 || refused * 100 > sequences,
        "only {refused} refused"
    );
}

impl Tally {
    fn count(&self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Same => &self.same,
            Verdict::Refused => &self.refused,
            Verdict::Open => &self.open,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Small sequences of two layers, one tar behind the other, as a fuzzer's first ones.
pub(crate) fn tars() -> Vec<(String, Vec<u8>)> {
    let sequences = (0..).map(|seed| generator::sequence(&mut Random::new(seed)));
    let small = sequences.filter(|sequence| {
        let lengths: Vec<_> = sequence.iter().map(Vec::len).collect();
        matches!(lengths[..], [3..6, 3..6])
    });
    let tar = |sequence: Sequence| {
        sequence
            .iter()
            .flat_map(|layer| image::tar(layer))
            .collect()
    };
    (0..5)
        .map(|number| format!("changes-{number}"))
        .zip(small.map(tar))
        .collect()
}

/// What failed, in the fewest entries that fail.
fn report(seed: u64, sequence: &Sequence, bench: &Bench) -> String {
    let entries = |sequence: &Sequence| sequence.iter().map(Vec::len).sum::<usize>();
    let small = shrunk(sequence, |smaller| bench.try_out(smaller).is_err());
    let why = bench.try_out(&small).err().unwrap_or_default();
    format!(
        "ROOTS_SEED={seed} ROOTS_SEQUENCES=1, {} of {} entries:\n{}\nthe model, and the tree:\n{why}",
        entries(&small),
        entries(sequence),
        listing(&small),
    )
}

/// Leaves out entry after entry as long as it still fails.
fn shrunk(sequence: &Sequence, fails: impl Fn(&Sequence) -> bool) -> Sequence {
    let mut small = sequence.clone();
    loop {
        let mut smaller = Vec::new();
        for layer in 0..small.len() {
            for entry in 0..small[layer].len() {
                let mut without = small.clone();
                without[layer].remove(entry);
                smaller.push(without);
            }
        }
        match smaller.into_iter().find(&fails) {
            Some(found) => small = found,
            None => return small,
        }
    }
}

#[test]
fn what_fails_is_shrunk() {
    let sequence = generator::sequence(&mut Random::new(3));
    let entries = sequence.iter().map(Vec::len).sum::<usize>();
    assert!(entries > 5);
    let wanted = sequence[1][0].name();
    let has_it = |sequence: &Sequence| {
        let mut all = sequence.iter().flatten();
        all.any(|entry| entry.name() == wanted)
    };
    assert_eq!(shrunk(&sequence, has_it).iter().flatten().count(), 1);
}
