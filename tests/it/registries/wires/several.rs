//! Small layers are asked for several at a time, far ahead, over connections of their own. Each is asked for once, gets
//! what it asked for and nothing else, and whatever becomes of that, it is asked for again when it is wanted.

use super::ahead::refusals;
use super::{Wire, each, image};
use crate::support::{
    ALWAYS, Ability, Authority, Fault, Proxy, Registry, Sandbox, TlsFront, TokenRules, tree,
};

/// All requests, whose order is nobody's business, in one that is the same each time.
fn sorted(mut asked: Vec<String>) -> Vec<String> {
    asked.sort();
    asked
}

/// Every layer once, and these.
fn once(layers: usize, more: &[&str]) -> Vec<String> {
    let layers = (1..=layers).map(|n| format!("layer {n}"));
    let more = more.iter().map(|&more| more.to_owned());
    sorted(layers.chain(more).collect())
}

#[test]
fn five_are_asked_for_ahead_and_no_more() {
    let wire = Wire::new("several", 9).fault("layer 1", 1, Fault::Hold(2000));
    let pull = wire.pull().spawn();
    // It is said when all that is to be asked for has been.
    pull.until_says("layer 1/9");
    wire.registry.wait_for("/blobs/", 7);
    assert_eq!(sorted(wire.asked()), once(6, &["manifest", "config"]));
    wire.registry.release();
    pull.wait().succeeds();
    wire.assert_pulled();
    assert_eq!(sorted(wire.asked()), once(9, &["manifest", "config"]));
}

#[test]
fn each_way_is_gone_once() {
    for through in ["a redirect", "a token", "no cache", "a terminal"] {
        let wire = Wire::new(through, 9);
        let (wire, first) = match through {
            "a token" => (
                wire.tokens(TokenRules::new()).storage(),
                &["manifest", "manifest", "token", "config"][..],
            ),
            "a redirect" => (wire.storage(), &["manifest", "config"][..]),
            "no cache" => (wire.arg("--cache=no"), &["manifest", "config"][..]),
            _ => (wire, &["manifest", "config"][..]),
        };
        let pull = match through {
            "a terminal" if !Ability::Terminal.is_missing() => wire.pull().terminal(80),
            _ => wire.pull(),
        };
        pull.run().succeeds();
        assert_eq!(tree::sketch(wire.sandbox.path("dest")).lines().count(), 9);
        assert_eq!(sorted(wire.asked()), once(9, first), "{through}");
        if wire.storage.is_some() {
            assert_eq!(sorted(wire.stored()), once(9, &["config"]), "{through}");
            wire.assert_no_secret();
        }
    }
}

#[test]
fn what_fails_far_ahead_is_asked_for_again_in_time() {
    let more = [
        Fault::EndlessHead,
        Fault::Redirect("http://127.0.0.1:1/".to_owned()),
    ];
    let cases = refusals().into_iter().chain(more);
    each(cases, |fault| {
        for storage in [false, true] {
            // Not even a retry is spent on it.
            let what = format!("{fault:?} {storage}");
            let wire = Wire::new(&what, 8).arg("--timeout=1");
            let wire = if storage { wire.storage() } else { wire };
            let part = if storage {
                "storage layer 5"
            } else {
                "layer 5"
            };
            let wire = wire.fault(part, 1, fault.clone());
            wire.pull().run().succeeds();
            wire.assert_pulled();
            // What came behind it may have been asked for already, and is asked for again: nothing is expected of asking
            // ahead any more.
            let asked = wire.asked();
            let count = |n| {
                asked
                    .iter()
                    .filter(|part| **part == format!("layer {n}"))
                    .count()
            };
            assert_eq!([1, 2, 3, 4, 5].map(count), [1, 1, 1, 1, 2], "{what}");
            assert!((6..=8).all(|n| (1..=2).contains(&count(n))), "{asked:?}");
        }
    });
}

#[test]
fn after_a_failure_only_that_one_is_asked_for_again() {
    let cases = [
        Fault::Reset,
        Fault::status(500),
        Fault::status_with(429, &[("Retry-After", "1")], ""),
    ];
    each(cases, |fault| {
        let wire = Wire::new(&format!("{fault:?}"), 9).retries(1);
        let wire = wire.fault("layer 2", 1, fault);
        wire.pull().run().succeeds();
        wire.assert_pulled();
        let more = ["manifest", "config", "layer 2"];
        assert_eq!(sorted(wire.asked()), once(9, &more));
    });
}

#[test]
fn bodies_that_break_are_gone_on_with() {
    let cases = [
        (Fault::CutBody(0), "layer 5"),
        (Fault::ResetBody(0), "layer 5"),
        (Fault::CutBody(10), "layer 5 bytes=10-"),
        (Fault::ResetBody(4000), "layer 5 bytes=4000-"),
    ];
    each(cases, |(fault, again)| {
        let wire = Wire::new(&format!("{fault:?}"), 8).fault("layer 5", 1, fault);
        wire.pull().run().succeeds().never_says("trying again");
        wire.assert_pulled();
        let more = ["manifest", "config", again];
        assert_eq!(sorted(wire.asked()), once(8, &more), "{again}");
    });
}

#[test]
fn what_fails_in_time_as_well_fails_the_pull() {
    let cases = [
        (Fault::status(500), 75, "status 500"),
        (Fault::status(404), 3, "status 404"),
        (Fault::Corrupt(4000), 5, "digest mismatch"),
    ];
    each(cases, |(fault, code, why)| {
        let wire = Wire::new(why, 8).fault("layer 5", ALWAYS, fault);
        wire.pull().run().fails(code).says(why);
        wire.sandbox.assert_nothing_left();
        wire.registry.recover();
        wire.pull().run().succeeds();
        wire.assert_pulled();
    });
}

#[test]
fn a_token_may_expire_among_them() {
    for uses in [3, 4, 5, 6] {
        for storage in [false, true] {
            let rules = TokenRules::new().expires_after_uses(uses);
            let wire = Wire::new(&format!("{uses} {storage}"), 9).tokens(rules);
            let wire = if storage { wire.storage() } else { wire };
            wire.pull().run().succeeds();
            wire.assert_pulled();
            if storage {
                wire.assert_no_secret();
            }
        }
    }
}

#[test]
fn connections_that_end_after_each_answer_are_made_anew() {
    // An end may cross a request; that is what retries are for.
    let wire = Wire::new("close", 9).retries(3);
    wire.registry.fault("/blobs/", ALWAYS, Fault::CloseAfter);
    wire.pull().run().succeeds();
    wire.assert_pulled();
}

#[test]
fn what_is_here_is_not_asked_for() {
    let wire = Wire::new("cached", 9);
    wire.pull().run().succeeds();
    for layer in [4, 8] {
        let path = wire.partial(layer).replace("/.", "/");
        std::fs::remove_file(wire.sandbox.path(path)).unwrap();
    }
    wire.registry.forget_requests();
    wire.pull().arg("--force").run().succeeds();
    // Over two connections, so that either may come first.
    assert_eq!(sorted(wire.asked()), ["layer 4", "layer 8", "manifest"]);
    wire.assert_pulled();
}

#[test]
fn mirrors_are_asked_one_after_the_other() {
    let wire = Wire::new("mirror", 9);
    let mirror = Registry::start();
    mirror.push("a/b", "1", &wire.image);
    mirror.drop_blob("a/b", &wire.image.layers[4].digest);
    wire.pull()
        .args(["--mirror", &mirror.host()])
        .run()
        .succeeds();
    wire.assert_pulled();
    // Asked ahead of time and in time, as far as it did not have it.
    assert_eq!(wire.asked(), ["layer 5"]);
    assert_eq!(mirror.requests_for("/blobs/").len(), 10);
}

#[test]
fn tls_and_proxies_are_no_obstacle() {
    let (sandbox, registry) = (Sandbox::new("several"), Registry::start());
    let (authority, proxy) = (Authority::new("an authority"), Proxy::start());
    let front = TlsFront::start(&registry.host(), &authority.server(&["registry.test"]));
    registry.push("a/b", "1", &image(9));
    sandbox.write("ca.pem", authority.pem());
    proxy.route("registry.test:443", &front.address());
    let command = sandbox.roots(["pull", "--ca-file=ca.pem", "registry.test/a/b:1", "dest"]);
    command.env("https_proxy", proxy.url()).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")).lines().count(), 9);
    assert_eq!(registry.requests_for("/blobs/").len(), 10);
    // Those of what is wanted, of two layers on their way, and of four more.
    assert!(
        (5..=8).contains(&front.connections()),
        "{}",
        front.connections()
    );
}

#[test]
fn storage_may_be_behind_tls() {
    let (sandbox, registry, storage) = (
        Sandbox::new("several"),
        Registry::start(),
        Registry::start(),
    );
    let authority = Authority::new("an authority");
    let identity = authority.server(&["0.0.0.0"]);
    let front = TlsFront::start(&registry.host(), &identity);
    let back = TlsFront::start(&storage.host(), &identity);
    registry.push("a/b", "1", &image(9));
    registry.redirect_blobs_by(&storage, &format!("https://{}", back.host()));
    sandbox.write("ca.pem", authority.pem());
    let name = format!("{}/a/b:1", front.host());
    sandbox
        .roots(["pull", "--ca-file=ca.pem", &name, "dest"])
        .run()
        .succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")).lines().count(), 9);
    for server in [&registry, &storage] {
        assert_eq!(server.requests_for("sha256:").len(), 10);
    }
}

#[test]
fn verify_and_save_ask_ahead_too() {
    let wire = Wire::new("others", 9);
    wire.pull().arg("--cache=no").run().succeeds();
    wire.registry.forget_requests();
    let name = wire.registry.image("a/b:1");
    let verify = wire.sandbox.roots(["verify", "--cache=no", "dest"]);
    verify.run().succeeds();
    assert_eq!(wire.registry.requests_for("/blobs/").len(), 10);
    wire.registry.forget_requests();
    let save = wire
        .sandbox
        .roots(["save", "--cache=no", &name, "-o", "saved.tar"]);
    save.run().succeeds();
    assert_eq!(wire.registry.requests_for("/blobs/").len(), 10);
}
