//! Mirrors that break in mid-blob: there is another place to ask, so no patience is spent on them.

use crate::support::registry::raw_response;
use crate::support::{ALWAYS, Compression, Fault, Image, Layer, Random, Registry, Run, Sandbox};

/// A registry, and a mirror whose answers about the layer go wrong in this way.
struct Fleet {
    sandbox: Sandbox,
    origin: Registry,
    mirror: Registry,
    name: String,
    digest: String,
    contents: Vec<u8>,
}

impl Fleet {
    fn new(size: usize) -> Self {
        let (origin, mirror) = (Registry::start(), Registry::start());
        let contents = Random::new(7).bytes(size);
        let layer = Layer::new().file("big", 0o644, contents.clone());
        let image = Image::new().layer(layer).compressed(Compression::None);
        let image = image.build();
        mirror.push("a/b", "1", &image);
        Self {
            sandbox: Sandbox::new("mirror_breaks"),
            name: origin.push("a/b", "1", &image),
            digest: image.layers[0].digest.clone(),
            origin,
            mirror,
            contents,
        }
    }

    fn fault(self, times: usize, fault: Fault) -> Self {
        self.mirror.fault(&self.digest, times, fault);
        self
    }

    /// Pulls without a retry to spare: a mirror's failures cost none.
    fn pulls(&self, retries: &str) -> Run {
        let pull = ["pull", "--timeout=1", "--mirror", &self.mirror.host()];
        let pull = self.sandbox.roots(pull).args([&self.name, "dest"]);
        let run = pull.env("ROOTS_RETRIES", retries).run().succeeds();
        assert_eq!(self.sandbox.read("dest/big"), self.contents);
        run
    }

    /// The ranges in which each was asked for the layer.
    fn asked(&self) -> [Vec<String>; 2] {
        [&self.mirror, &self.origin].map(|registry| {
            let requests = registry.requests_for(&self.digest).into_iter();
            let range = |request: crate::support::Request| request.header("range");
            requests.map(|r| range(r).unwrap_or_default()).collect()
        })
    }
}

/// It used to be asked again and again for the rest, until the pull failed beside a registry that had it.
#[test]
fn a_mirror_that_breaks_off_is_left_at_once() {
    let unannounced = |at| Fault::All(vec![Fault::NoContentLength, Fault::CutBody(at)]);
    let layer = Layer::new().file("big", 0o644, Random::new(7).bytes(300_000));
    let chunks = [b"5\r\n", &layer.tar()[..5], b"\r\nno chunk"].concat();
    let head = ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"];
    let garbled = raw_response(&head, chunks);
    let cases = [
        (Fault::CutAt(0), ""),
        (Fault::CutAt(100_000), "bytes=100000-"),
        (unannounced(100_000), "bytes=100000-"),
        (Fault::Stall(100_000), "bytes=100000-"),
        (Fault::Raw(garbled), "bytes=5-"),
    ];
    for (fault, range) in cases {
        for retries in ["0", "3"] {
            let fleet = Fleet::new(300_000).fault(ALWAYS, fault.clone());
            let run = fleet.pulls(retries);
            let left = format!("roots: warning: mirror {}: ", fleet.mirror.host());
            assert_eq!(run.stderr.matches(&left).count(), 1, "{}", run.stderr);
            assert_eq!(fleet.asked(), [vec![""], vec![range]], "{fault:?}");
        }
    }
}

#[test]
fn a_mirror_that_gets_on_is_kept() {
    let fleet = Fleet::new(3 << 20).fault(1, Fault::CutBody(2 << 20));
    let run = fleet.pulls("1");
    run.never_says("mirror").says("going on at byte 2097152");
    assert_eq!(fleet.asked(), [vec!["", "bytes=2097152-"], vec![]]);
    // But not if that would be the end.
    let fleet = Fleet::new(3 << 20).fault(1, Fault::CutBody(2 << 20));
    fleet.pulls("0").says("warning: mirror ");
    assert_eq!(fleet.asked(), [vec![""], vec!["bytes=2097152-"]]);
}

/// A page in place of a layer used to end the pull with `wrong size`.
#[test]
fn what_a_mirror_sends_must_be_as_long_as_the_layer() {
    let page = Fault::status_with(200, &[("Content-Type", "text/html")], "<html>Log in");
    let cases = [page, Fault::Append(b"x".to_vec())];
    for fault in cases {
        let fleet = Fleet::new(300_000).fault(ALWAYS, fault);
        fleet.pulls("0").says(": wrong size: ");
        assert_eq!(fleet.asked(), [[""], [""]]);
    }
    // Nor is the rest of a layer another size.
    let fleet = Fleet::new(3 << 20).fault(1, Fault::CutBody(2 << 20));
    let more = Fault::of_range(Fault::Append(b"x".to_vec()));
    let fleet = fleet.fault(ALWAYS, more);
    fleet.pulls("1").says(": wrong size: longer than the ");
    let range = "bytes=2097152-";
    assert_eq!(fleet.asked(), [vec!["", range], vec![range]]);
}

/// Its length alone is right.
#[test]
fn wrong_bytes_of_a_mirror_end_the_pull_and_are_not_kept() {
    let fleet = Fleet::new(300_000).fault(1, Fault::Corrupt(1000));
    let mirror = fleet.mirror.host();
    let pull = ["pull", "--mirror", &mirror, &fleet.name, "dest"];
    let pull = fleet.sandbox.roots(pull);
    pull.run().fails(5).says("digest mismatch");
    fleet.sandbox.assert_nothing_left();
    fleet.pulls("0");
    assert_eq!(fleet.asked(), [vec!["", ""], vec![]]);
}
