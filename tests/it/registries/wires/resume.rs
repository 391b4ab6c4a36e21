//! A blob whose wire breaks goes on where it broke.

use super::{SIZE, Wire, each};
use crate::support::{ALWAYS, Fault, TokenRules};

const ENDED: &str = "connection closed before the end of the response\nhint: allow it more attempts with --retries\n";

fn chunked(fault: Fault) -> Fault {
    Fault::All(vec![Fault::Chunked, fault])
}

fn unannounced(fault: Fault) -> Fault {
    Fault::All(vec![Fault::NoContentLength, fault])
}

#[test]
fn the_rest_is_asked_for_from_the_byte_where_it_broke() {
    let ways: [fn(usize) -> Fault; 5] = [
        Fault::CutBody,
        Fault::ResetBody,
        |at| chunked(Fault::CutBody(at)),
        |at| chunked(Fault::ResetBody(at)),
        |at| unannounced(Fault::CutBody(at)),
    ];
    let cases = ways
        .iter()
        .flat_map(|way| [0, 1, 2000, SIZE - 1].map(|at| (way(at), at)));
    each(cases, |(fault, at)| {
        let wire = Wire::new(&format!("{fault:?}"), 1).retries(1);
        let again = match at {
            0 => "layer 1".to_owned(),
            at => format!("layer 1 bytes={at}-"),
        };
        wire.fault("layer 1", 1, fault)
            .pulls(&["manifest", "config", "layer 1", &again]);
    });
}

/// It used to be asked for once more, all of it, to be passed over.
/// A coding that names no end was taken for one, and the cut for what the registry has.
#[test]
fn a_cut_in_a_body_without_framing_is_gone_on_after() {
    let identity = Fault::header("Transfer-Encoding", "identity");
    let cut = Fault::All(vec![unannounced(Fault::CutBody(1000)), identity]);
    let wire = Wire::new("identity", 1).retries(1).fault("layer 1", 1, cut);
    wire.pulls(&["manifest", "config", "layer 1", "layer 1 bytes=1000-"]);
}

#[test]
fn what_has_come_is_not_asked_for_again_for_want_of_an_end() {
    let faults = [
        chunked(Fault::CutBody(SIZE)),
        chunked(Fault::ResetBody(SIZE)),
        Fault::ResetBody(SIZE),
        Fault::WrongContentLength(4),
        Fault::WrongContentLength(1 << 30),
    ];
    each(faults, |fault| {
        let wire = Wire::new(&format!("{fault:?}"), 1).retries(1);
        wire.fault("layer 1", ALWAYS, fault)
            .pulls(&["manifest", "config", "layer 1"]);
    });
}

#[test]
fn a_config_goes_on_too() {
    for (fault, again) in [
        (Fault::CutBody(100), "config bytes=100-"),
        (Fault::ResetBody(0), "config"),
    ] {
        let wire = Wire::new("config", 1).retries(1).fault("config", 1, fault);
        wire.pulls(&["manifest", "config", again, "layer 1"]);
    }
}

#[test]
fn several_cuts_are_gone_on_after_one_by_one() {
    let wire = Wire::new("three cuts", 1).retries(3);
    wire.fault("layer 1", 3, Fault::CutBody(1000)).pulls(&[
        "manifest",
        "config",
        "layer 1",
        "layer 1 bytes=1000-",
        "layer 1 bytes=2000-",
        "layer 1 bytes=3000-",
    ]);
}

#[test]
fn each_layer_has_its_own_cuts() {
    let wire = Wire::new("two layers", 2)
        .retries(1)
        .fault("layer 1", 1, Fault::CutBody(1000))
        .fault("layer 2", 1, Fault::ResetBody(2000));
    wire.pulls(&[
        "manifest",
        "config",
        "layer 1",
        "layer 2",
        "layer 1 bytes=1000-",
        "layer 2 bytes=2000-",
    ]);
}

#[test]
fn a_server_that_never_gives_more_is_given_up() {
    let start = ["manifest", "config", "layer 1"];
    let at_2000 = ["layer 1 bytes=2000-"; 2];
    let cases = [
        (Fault::CutAt(2000), at_2000),
        (chunked(Fault::CutAt(2000)), at_2000),
        (Fault::CutAt(0), ["layer 1"; 2]),
        // A byte more each time is no way to go on either.
        (Fault::CutBody(1), ["layer 1 bytes=1-", "layer 1 bytes=2-"]),
    ];
    each(cases, |(fault, again)| {
        let wire = Wire::new(&format!("{fault:?}"), 1).retries(2);
        let asked = [&start[..], &again].concat();
        wire.fault("layer 1", ALWAYS, fault)
            .fails(75, ENDED, &asked);
    });
}

#[test]
fn without_retries_the_first_cut_is_the_last() {
    let wire = Wire::new("no retries", 1).fault("layer 1", 1, Fault::CutBody(2000));
    let why = format!(
        "roots: {}: {ENDED}",
        wire.registry
            .url(&format!("/v2/a/b/blobs/{}", wire.image.layers[0].digest))
    );
    wire.fails(75, &why, &["manifest", "config", "layer 1"]);
    let asked = wire.asked();
    assert_eq!(asked[3..], ["manifest", "layer 1 bytes=2000-"]);
}

#[test]
fn storage_is_asked_by_way_of_the_registry_each_time() {
    let wire = Wire::new("storage", 1).retries(1).storage();
    let wire = wire.fault("storage layer 1", 1, Fault::CutBody(1000));
    wire.pulls(&["manifest", "config", "layer 1", "layer 1 bytes=1000-"]);
    assert_eq!(wire.stored(), ["config", "layer 1", "layer 1 bytes=1000-"]);
}

#[test]
fn a_token_that_expires_in_mid_blob_is_replaced() {
    let wire = Wire::new("token", 1)
        .retries(1)
        .tokens(TokenRules::new().expires_after_uses(3));
    let wire = wire.fault("layer 1", 1, Fault::CutBody(1000));
    let rest = "layer 1 bytes=1000-";
    wire.pulls(&[
        "manifest", "token", "manifest", "config", "layer 1", rest, "token", rest,
    ]);
}

#[test]
fn pieces_that_do_not_belong_together_are_refused() {
    let wire = Wire::new("changed", 1)
        .retries(1)
        .fault("layer 1", 1, Fault::CutBody(1000))
        .fault("layer 1", 1, Fault::Corrupt(10));
    let asked = ["manifest", "config", "layer 1", "layer 1 bytes=1000-"];
    wire.fails(5, "digest mismatch: the blob received is ", &asked);
    assert_eq!(
        wire.asked()[4..],
        ["manifest", "layer 1"],
        "nothing of it was kept"
    );
}

#[test]
fn a_blob_of_another_size_is_not_asked_for_again() {
    let honest = |size: usize| {
        Fault::All(vec![
            Fault::header("Content-Length", &size.to_string()),
            Fault::CutBody(size),
        ])
    };
    let cases = [
        (Fault::Append(b"x".to_vec()), "longer than the 4608 bytes"),
        (Fault::EndlessBody, "longer than the 4608 bytes"),
        (honest(1000), "wrong size: 1000 bytes instead of 4608"),
        (honest(0), "wrong size: 0 bytes instead of 4608"),
        (
            Fault::WrongContentLength(-1),
            "wrong size: 4607 bytes instead of 4608",
        ),
    ];
    each(cases, |(fault, why)| {
        let wire = Wire::new(&format!("{fault:?}"), 1).retries(2);
        wire.fault("layer 1", ALWAYS, fault)
            .fails(5, why, &["manifest", "config", "layer 1"]);
    });
}
