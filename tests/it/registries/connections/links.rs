//! Several connections at once, over whatever leads to the registry.

use super::{Large, RANGES};
use crate::support::{ALWAYS, Authority, Fault, Proxy, Registry, TlsFront, TokenRules};

#[test]
fn over_tls() {
    for old in [true, false] {
        for through_proxy in [true, false] {
            let (large, authority, proxy) =
                (Large::new(), Authority::new("an authority"), Proxy::start());
            let identity = authority.server(&["registry.test", "0.0.0.0"]);
            let front = if old {
                TlsFront::start_old(&large.registry.host(), &identity)
            } else {
                TlsFront::start(&large.registry.host(), &identity)
            };
            large.sandbox.write("ca.pem", authority.pem());
            proxy.route("registry.test:443", &front.address());
            let fault = Fault::of_range_at(super::RANGE, Fault::CutBody(1000));
            large.registry.fault(large.layer(), 1, fault);
            let name = if through_proxy {
                "registry.test/a/b:1".to_owned()
            } else {
                format!("{}/a/b:1", front.host())
            };
            let pull = ["pull", "--connections=6", "--ca-file=ca.pem", &name, "dest"];
            let pull = large.sandbox.roots(pull).env("ROOTS_RETRIES", "1");
            let pull = if through_proxy {
                pull.env("https_proxy", proxy.url())
            } else {
                pull
            };
            let run = pull.run().succeeds();
            large.assert_pulled(&run, &["bytes=4195304-8388607"]);
            // Four at once, and another for what broke.
            assert!(
                (4..=6).contains(&front.connections()),
                "{}",
                front.connections()
            );
        }
    }
}

#[test]
fn each_range_is_redirected_by_itself() {
    let (large, storage) = (Large::new(), Registry::start());
    large.registry.redirect_blobs_to(&storage);
    large.registry.redirects_expire();
    large.registry.require_token(TokenRules::new());
    let run = large.pull().run().succeeds();
    large.assert_pulled(&run, &[]);
    for request in large.registry.requests_for(large.layer()) {
        assert!(request.header("authorization").is_some());
    }
    assert_eq!(large.asked_of(&storage), sorted(&RANGES));
    for request in storage.requests() {
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn a_token_that_expires_is_renewed_once_for_all() {
    // The manifest, the config, the layer, and one of its ranges.
    let large = Large::new();
    large
        .registry
        .require_token(TokenRules::new().expires_after_uses(4));
    let run = large.pull().run().succeeds();
    large.assert_tree();
    assert_eq!(
        large.registry.requests_for("/token").len(),
        2,
        "{}",
        run.stderr
    );
    // Two were refused, and asked for again with the new token.
    let asked = large.asked_of(&large.registry);
    assert_eq!(asked.len(), RANGES.len() + 2, "{asked:?}");
}

#[test]
fn a_mirror_delivers_the_ranges_of_what_it_has() {
    let (large, mirror) = (Large::new(), Registry::start());
    mirror.push("a/b", "1", super::image());
    let pull = || large.pull().args(["--mirror", &mirror.host(), "--force"]);
    pull()
        .arg("--cache=no")
        .run()
        .succeeds()
        .never_says("mirror");
    large.assert_tree();
    assert_eq!(large.asked_of(&mirror), sorted(&RANGES));
    assert_eq!(large.registry.lines(), [""; 0]);
    // What it stops to deliver comes from the registry.
    mirror.forget_requests();
    let at = 2 * super::RANGE;
    mirror.fault(
        large.layer(),
        ALWAYS,
        Fault::of_range_at(at, Fault::CutBody(1000)),
    );
    let stops = Fault::of_range_at(at + 1000, Fault::Reset);
    mirror.fault(large.layer(), ALWAYS, stops);
    pull().run().succeeds();
    large.assert_tree();
    let asked = large.asked_of(&large.registry);
    let rest = "bytes=8389608-12582911".to_owned();
    assert!(asked.contains(&rest), "{asked:?}");
    assert!(asked.len() <= 2, "{asked:?}");
}

fn sorted(ranges: &[&str]) -> Vec<String> {
    let mut ranges: Vec<_> = ranges.iter().map(|&range| range.to_owned()).collect();
    ranges.sort();
    ranges
}
