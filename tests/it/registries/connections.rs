//! Large layers come in ranges, over several connections at once. Whatever becomes of one of them, the tree is the same, and
//! nothing is asked for twice that has arrived.

use crate::support::sandbox::Command;
use crate::support::{
    Built, Compression, Fault, Image, Layer, Random, Registry, Run, Sandbox, tree,
};
use std::sync::OnceLock;

mod faults;
mod limits;
mod links;
mod several_layers;

/// How long a range is.
const RANGE: u64 = 4 << 20;

/// What the layer has: four ranges, the last of which is a little longer.
const CONTENTS: usize = 16 << 20;

/// What is asked for of a layer that comes in ranges, if nothing fails.
const RANGES: [&str; 4] = [
    "bytes=0-4194303",
    "bytes=4194304-8388607",
    "bytes=8388608-12582911",
    "bytes=12582912-",
];

/// A registry that has an image of one large layer.
struct Large {
    sandbox: Sandbox,
    registry: Registry,
}

/// What the file in the layer has, and the image: they are made once.
fn contents() -> &'static [u8] {
    static CONTENTS_MADE: OnceLock<Vec<u8>> = OnceLock::new();
    CONTENTS_MADE.get_or_init(|| Random::new(1).bytes(CONTENTS))
}

fn image() -> &'static Built {
    static IMAGE: OnceLock<Built> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let layer = Layer::new().file("large", 0o644, contents());
        let image = Image::new().layer(layer).compressed(Compression::None);
        image.build()
    })
}

impl Large {
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("connections"), Registry::start());
        registry.push("a/b", "1", image());
        Self { sandbox, registry }
    }

    /// The digest of the layer.
    fn layer(&self) -> &str {
        &image().layers[0].digest
    }

    /// Spoils so many answers about the layer.
    fn fault(self, times: usize, fault: Fault) -> Self {
        self.registry.fault(self.layer(), times, fault);
        self
    }

    /// Pulls over six connections.
    fn pull(&self) -> Command {
        let name = self.registry.image("a/b:1");
        self.sandbox
            .roots(["pull", "--connections=6", &name, "dest"])
    }

    /// The ranges of the layer that `registry` was asked for, sorted: several arrive at once.
    fn asked_of(&self, registry: &Registry) -> Vec<String> {
        let requests = registry.requests_for(self.layer());
        let ranges = requests
            .iter()
            .map(|request| request.header("range").unwrap_or_default());
        let mut ranges: Vec<_> = ranges.collect();
        ranges.sort();
        ranges
    }

    /// Asserts that the tree is right, and that the registry was asked for each of `RANGES` once, and for `more`.
    #[track_caller]
    fn assert_pulled(&self, run: &Run, more: &[&str]) {
        self.assert_tree();
        let mut ranges: Vec<_> = RANGES.iter().chain(more).copied().collect();
        ranges.sort_unstable();
        assert_eq!(self.asked_of(&self.registry), ranges, "{}", run.stderr);
    }

    #[track_caller]
    fn assert_tree(&self) {
        let dest = self.sandbox.path("dest");
        assert_eq!(tree::sketch(&dest), format!("f 0644 {CONTENTS} large\n"));
        let same = self.sandbox.read("dest/large") == contents();
        assert!(same, "the file is another one");
        if self.sandbox.has("cache") {
            assert_eq!(self.sandbox.cached().len(), 2);
        }
    }
}

#[test]
fn a_large_layer_is_asked_for_in_ranges() {
    let large = Large::new();
    let run = large.pull().run().succeeds().never_says("trying again");
    large.assert_pulled(&run, &[]);
}

#[test]
fn verify_and_save_ask_for_ranges_too() {
    let large = Large::new();
    large.pull().arg("--cache=no").run().succeeds();
    let name = large.registry.image("a/b:1");
    for command in [
        vec!["verify", "dest"],
        vec!["save", &name, "-o", "saved.tar"],
    ] {
        large.registry.forget_requests();
        let command = large.sandbox.roots(command);
        let command = command.args(["--cache=no", "--connections=6"]);
        let run = command.run().succeeds();
        large.assert_pulled(&run, &[]);
    }
    let dest = [
        "pull",
        "--force",
        "--cache=no",
        "oci-archive:saved.tar",
        "dest",
    ];
    large.sandbox.roots(dest).run().succeeds();
    large.assert_tree();
}

#[test]
fn what_is_in_the_cache_is_a_beginning_without_holes() {
    let large = Large::new();
    let fault = Fault::of_range_at(2 * RANGE, Fault::CutBody(1000));
    let fault = large.fault(1, fault);
    let again = Fault::of_range_at(2 * RANGE + 1000, Fault::CutBody(0));
    let large = fault.fault(1, again);
    large
        .pull()
        .run()
        .fails(75)
        .says("connection closed before the end");
    large.sandbox.assert_nothing_left();
    let partial = format!("cache/blobs/sha256/.{}", image().layers[0].hex());
    let begun = large.sandbox.read(partial);
    assert_eq!(begun.len() as u64, 2 * RANGE + 1000);
    assert!(image().layers[0].bytes.starts_with(&begun));
    large.registry.forget_requests();
    large.pull().run().succeeds();
    large.assert_tree();
    assert_eq!(large.asked_of(&large.registry), ["bytes=8389608-"]);
}
