//! One of the ranges fails, in each way that one response can fail.

use super::{Large, RANGE, RANGES};
use crate::registries::wires::each;
use crate::support::{ALWAYS, Fault};
use rustix::process::Signal;

/// Where the range begins that fails, and how it is asked for.
const AT: u64 = 2 * RANGE;
const THAT: &str = RANGES[2];

/// A large layer, one range of which fails so often.
fn failing(times: usize, fault: Fault) -> Large {
    Large::new().fault(times, Fault::of_range_at(AT, fault))
}

#[test]
fn a_range_that_breaks_is_gone_on_with_and_the_others_are_kept() {
    let rest = "bytes=9388608-12582911";
    let cases = [
        (Fault::CutBody(1_000_000), rest),
        (Fault::CutBody(0), THAT),
        (Fault::Stall(1_000_000), rest),
        (Fault::Reset, THAT),
        (Fault::Raw(b"garbage".to_vec()), THAT),
        (Fault::Hang, THAT),
        (Fault::EndlessHead, THAT),
        (Fault::status(404), THAT),
        (Fault::status(429), THAT),
        (Fault::status_with(503, &[("Retry-After", "1")], ""), THAT),
    ];
    each(cases, |(fault, again)| {
        let large = failing(1, fault);
        let pull = large.pull().arg("--timeout=1").env("ROOTS_RETRIES", "1");
        let run = pull.run().succeeds();
        large.assert_pulled(&run, &[again]);
    });
}

/// A reset takes away what has arrived and was not read.
#[test]
fn a_range_that_is_reset_is_gone_on_with() {
    let large = failing(1, Fault::ResetBody(1_000_000));
    large.pull().env("ROOTS_RETRIES", "1").run().succeeds();
    large.assert_tree();
    let asked = large.asked_of(&large.registry);
    assert_eq!(asked.len(), RANGES.len() + 1, "{asked:?}");
    let again = asked.iter().filter(|range| range.ends_with("-12582911"));
    assert_eq!(again.count(), 2, "{asked:?}");
}

/// A registry that is restarted takes all of its connections with it.
#[test]
fn all_of_them_may_break_at_once() {
    let large = Large::new();
    for (number, range) in RANGES.iter().enumerate().skip(1) {
        let at = number as u64 * RANGE;
        large.registry.fault(
            large.layer(),
            1,
            Fault::of_range_at(at, Fault::CutBody(70_000)),
        );
        assert!(range.starts_with(&format!("bytes={at}-")));
    }
    large
        .registry
        .fault(large.layer(), 1, Fault::CutBody(70_000));
    let run = large.pull().env("ROOTS_RETRIES", "1").run().succeeds();
    let again = [
        "bytes=70000-4194303",
        "bytes=4264304-8388607",
        "bytes=8458608-12582911",
        "bytes=12652912-",
    ];
    large.assert_pulled(&run, &again);
}

/// The server does not do what was asked: the rest is asked for in one piece.
#[test]
fn another_range_than_the_one_asked_for_ends_it() {
    let cases = [
        Fault::RangeFrom(5),
        Fault::IgnoreRange,
        Fault::WithoutHeader("Content-Range".to_owned()),
        Fault::header("Content-Range", "bytes 8388608-12582911/16777217"),
        Fault::header("Content-Range", "bytes 8388608-12582910/16778240"),
        Fault::status(416),
    ];
    each(cases, |fault| {
        let large = failing(1, fault);
        let run = large.pull().run().succeeds();
        large.assert_pulled(&run, &["bytes=8388608-"]);
    });
}

#[test]
fn a_server_that_says_it_has_no_ranges_is_not_asked_for_more() {
    let large = Large::new().fault(ALWAYS, Fault::header("Accept-Ranges", "none"));
    large.pull().run().succeeds();
    large.assert_tree();
    assert_eq!(
        large.asked_of(&large.registry),
        [RANGES[0], "bytes=4194304-"]
    );
}

/// The first answer has the whole layer: it is read on.
#[test]
fn a_server_without_ranges_is_asked_for_the_layer_once() {
    let large = Large::new().fault(ALWAYS, Fault::IgnoreRange);
    large.pull().run().succeeds();
    large.assert_tree();
    assert_eq!(large.asked_of(&large.registry), [RANGES[0]]);
}

#[test]
fn another_etag_ends_it() {
    let large = failing(1, Fault::header("ETag", "\"two\""));
    let large = large.fault(ALWAYS, Fault::header("ETag", "\"one\""));
    let run = large.pull().run().succeeds();
    large.assert_pulled(&run, &["bytes=8388608-"]);
}

const MISMATCH: &str = "digest mismatch after a download in several ranges";

#[test]
fn wrong_bytes_in_one_range_are_fetched_once_more_over_one_connection() {
    for cache in ["--cache=cache", "--cache=no"] {
        let large = failing(1, Fault::Corrupt(5));
        let run = large.pull().arg(cache).run().succeeds().says(MISMATCH);
        large.assert_pulled(&run, &[""]);
    }
}

#[test]
fn wrong_bytes_are_an_error_in_the_end() {
    let large = Large::new().fault(ALWAYS, Fault::Corrupt(5));
    let run = large
        .pull()
        .run()
        .fails(5)
        .says("digest mismatch")
        .says(MISMATCH);
    assert_eq!(run.stderr.matches(MISMATCH).count(), 1);
    large.sandbox.assert_nothing_left();
    large.registry.recover();
    large.pull().run().succeeds();
    large.assert_tree();
}

#[test]
fn wrong_bytes_stop_neither_verify_nor_save() {
    for what in ["verify", "save"] {
        let large = Large::new();
        large.pull().arg("--cache=no").run().succeeds();
        large.registry.forget_requests();
        let fault = Fault::of_range_at(AT, Fault::Corrupt(5));
        large.registry.fault(large.layer(), 1, fault);
        let name = large.registry.image("a/b:1");
        let arguments = match what {
            "verify" => vec!["verify", "dest"],
            _ => vec!["save", &name, "-o", "saved.tar"],
        };
        let command = large.sandbox.roots(arguments).arg("--connections=6");
        let run = command.run().succeeds().says(MISMATCH);
        large.assert_pulled(&run, &[""]);
    }
}

#[test]
fn what_is_written_to_a_pipe_cannot_be_taken_back() {
    let large = failing(1, Fault::Corrupt(5));
    let name = large.registry.image("a/b:1");
    let save = large
        .sandbox
        .roots(["save", "--connections=6", &name, "-o", "-"]);
    let run = save.prelude("exec >saved.tar").run();
    run.fails(75).says(MISMATCH).says("--connections 1");
    let again = large
        .sandbox
        .roots(["save", "--connections=1", &name, "-o", "again.tar"]);
    again.run().succeeds();
}

/// The size of the layer is right, but its bytes look like something that a tree may not hold.
#[test]
fn wrong_bytes_are_not_taken_for_the_image() {
    // The header of the file.
    let large = Large::new().fault(1, Fault::Corrupt(0));
    let run = large.pull().run().succeeds().says(MISMATCH);
    large.assert_pulled(&run, &[""]);
}

#[test]
fn every_way_to_frame_a_range_will_do() {
    let cases = [
        Fault::Chunked,
        Fault::NoContentLength,
        Fault::CloseAfter,
        Fault::Http10,
        Fault::Interim(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_vec()),
        Fault::header("Accept-Ranges", "bytes"),
        Fault::Trickle(1 << 20, std::time::Duration::from_millis(1)),
    ];
    each(cases, |fault| {
        let large = Large::new().fault(ALWAYS, fault);
        let run = large.pull().env("ROOTS_RETRIES", "3").run().succeeds();
        large.assert_pulled(&run, &[]);
    });
}

#[test]
fn a_signal_ends_all_of_them() {
    let large = failing(1, Fault::Hang);
    let pull = large.pull().spawn();
    large.registry.wait_for(large.layer(), RANGES.len());
    pull.signal(Signal::TERM);
    assert_eq!(pull.wait().signal, Some(15));
    large.sandbox.assert_nothing_left();
}
