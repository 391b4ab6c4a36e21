//! Applying changesets: image-spec layer.md, and what all who pull images agree on where that is silent.

use crate::support::{Layer, Outcome, Trial};

mod acls;
mod hard_links;
mod metadata;
mod modes;
mod opaque;
mod pairings;
mod parents;
mod reserved;
mod stacks;
mod times;
mod usrmerge;
mod whiteouts;

#[track_caller]
fn holds(name: &str, layers: impl IntoIterator<Item = Layer>, sketch: &str) -> Outcome {
    let outcome = Trial::new(name).layers(layers).pull();
    outcome.is(sketch);
    outcome
}

#[track_caller]
fn refuses(name: &str, layers: impl IntoIterator<Item = Layer>, why: &str) {
    Trial::new(name).layers(layers).pull().refused(why);
}

/// A layer of these entries with a marker among them, once at each place: the tree is the same.
#[track_caller]
fn holds_anywhere(name: &str, lower: &[Layer], entries: &[Layer], marker: &Layer, sketch: &str) {
    for place in 0..=entries.len() {
        let (before, after) = entries.split_at(place);
        let parts = before.iter().chain([marker]).chain(after);
        let upper = Layer::new().raw(parts.flat_map(Layer::unended).collect::<Vec<_>>());
        let layers = lower.iter().cloned().chain([upper]);
        holds(&format!("{name}, marker at {place}"), layers, sketch);
    }
}

fn file(path: &str) -> Layer {
    Layer::new().file(path, 0o644, "")
}

fn dir(path: &str) -> Layer {
    Layer::new().dir(path, 0o755)
}
