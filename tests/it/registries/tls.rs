//! https: whom `roots` trusts, and what it says of whom it does not.

use crate::support::certificates::NOW;
use crate::support::{
    ALWAYS, Authority, Fault, HELLO, Identity, Registry, Run, Sandbox, TlsFront, TokenRules, hello,
    tree,
};
use std::time::Instant;

mod clients;
mod elliptic;
mod mishaps;

/// A registry that speaks https, with a certificate by an authority that nobody knows.
struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    authority: Authority,
    front: TlsFront,
    name: String,
}

impl Scene {
    fn new() -> Self {
        let authority = Authority::new("an authority");
        let identity = authority.server(&["0.0.0.0"]);
        Self::with(authority, &identity)
    }

    fn with(authority: Authority, identity: &Identity) -> Self {
        let registry = Registry::start();
        let front = TlsFront::start(&registry.host(), identity);
        Self::behind(registry, authority, front)
    }

    fn behind(registry: Registry, authority: Authority, front: TlsFront) -> Self {
        let sandbox = Sandbox::new("tls");
        registry.push("a/b", "1", &hello());
        sandbox.write("ca.pem", authority.pem());
        Self {
            name: format!("{}/a/b:1", front.host()),
            sandbox,
            registry,
            authority,
            front,
        }
    }

    /// Pulls, with options.
    fn pull(&self, options: &[&str]) -> Run {
        let command = self.sandbox.roots(["pull"]).args(options);
        command.args([&self.name, "dest"]).run()
    }

    /// Asserts that a pull worked.
    #[track_caller]
    fn is_pulled(&self, run: Run) {
        run.succeeds();
        assert_eq!(tree::sketch(self.sandbox.path("dest")), HELLO);
    }

    /// Asserts that a pull failed with nothing asked, and all that it said; `{host}` is filled in.
    #[track_caller]
    fn is_refused(&self, run: Run, code: i32, said: &str) {
        let run = run.fails(code);
        assert_eq!(run.stderr, said.replace("{host}", &self.front.host()));
        assert_eq!(self.registry.lines(), [""; 0]);
        self.sandbox.assert_nothing_left();
    }
}

const UNKNOWN: &str = "roots: {host}: certificate signed by unknown authority\n\
     hint: if it is yours, pass its authority's certificate with --ca-file FILE\n";

#[test]
fn an_authority_that_nobody_knows_is_not_trusted() {
    let scene = Scene::new();
    scene.is_refused(scene.pull(&[]), 1, UNKNOWN);
    // Nor is it asked again, nor without TLS.
    let retries = scene.sandbox.roots(["pull", "--retries=3", &scene.name]);
    let run = retries.arg("dest").run();
    scene.is_refused(run, 1, UNKNOWN);
    assert_eq!(scene.front.connections(), 2);
}

#[test]
fn an_authority_with_the_name_of_another_is_not_that_one() {
    let scene = Scene::new();
    let namesake = Authority::new("an authority");
    scene.sandbox.write("namesake.pem", namesake.pem());
    scene.is_refused(scene.pull(&["--ca-file=namesake.pem"]), 1, UNKNOWN);
}

#[test]
fn authorities_come_from_options_and_variables() {
    let scene = Scene::new();
    scene.is_pulled(scene.pull(&["--ca-file", "ca.pem"]));
    let other = Authority::new("another");
    scene.sandbox.write("other.pem", other.pem());
    let both = ["--force", "--ca-file=other.pem", "--ca-file=ca.pem"];
    scene.is_pulled(scene.pull(&both));
    let bundle = format!("# two\n{}\n{}", other.pem(), scene.authority.pem());
    scene.sandbox.write("bundle.pem", bundle);
    scene.is_pulled(scene.pull(&["--force", "--ca-file=bundle.pem"]));

    scene.sandbox.write("certs/ca.pem", scene.authority.pem());
    scene.sandbox.write("certs/README", "not a certificate");
    scene.sandbox.mkdir("certs/folder");
    let certs = scene.sandbox.path("certs");
    for (variable, value) in [
        ("SSL_CERT_FILE", "ca.pem"),
        ("SSL_CERT_DIR", "certs"),
        ("SSL_CERT_DIR", &format!("/nowhere:{}", certs.display())),
    ] {
        let pull = || {
            scene
                .sandbox
                .roots(["pull", "--force", &scene.name, "dest"])
        };
        scene.is_pulled(pull().env(variable, value).run());
        // With one file of the system's more, and both kinds of it at once.
        let more = pull().env(variable, value).arg("--ca-file=other.pem");
        scene.is_pulled(more.run());
        let run = pull().env(variable, "other.pem").run();
        assert_eq!(
            run.fails(1).stderr,
            UNKNOWN.replace("{host}", &scene.front.host())
        );
    }
    let run = scene.sandbox.roots(["digest", &scene.name]);
    let run = run.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "");
    run.run()
        .fails(1)
        .says("certificate signed by unknown authority");
}

#[test]
fn a_file_of_authorities_has_to_be_one() {
    let scene = Scene::new();
    let pem = scene.authority.pem();
    scene.sandbox.write("empty.pem", "");
    scene
        .sandbox
        .write("key.pem", scene.authority.server(&[]).key);
    scene.sandbox.write("cut.pem", &pem[..pem.len() / 2]);
    let bytes = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    scene.sandbox.write("bytes.pem", bytes);
    let begins = "hint: a certificate is PEM: it begins with -----BEGIN CERTIFICATE-----\n";
    for (file, why) in [
        ("none.pem", "cannot read: no such file or directory\n"),
        ("empty.pem", &format!("no certificate in it\n{begins}")),
        ("key.pem", &format!("no certificate in it\n{begins}")),
        ("cut.pem", "a certificate in it is malformed\n"),
        ("bytes.pem", "a certificate in it is malformed\n"),
    ] {
        let run = scene.pull(&["--ca-file", "ca.pem", "--ca-file", file]);
        scene.is_refused(run, 2, &format!("roots: {file}: {why}"));
    }
    assert_eq!(scene.front.connections(), 0);
    // Plain http needs no authorities, and reads none.
    let plain = scene.registry.image("a/b:1");
    let run = scene
        .sandbox
        .roots(["digest", "--ca-file=none.pem", &plain]);
    run.run().succeeds();
}

#[test]
fn a_certificate_that_signs_itself_is_trusted_if_it_is_named() {
    let authority = || Authority::new("unused");
    for names in [&["0.0.0.0"][..], &["other.test"]] {
        let identity = Identity::self_signed(names, NOW);
        let scene = Scene::with(authority(), &identity);
        scene.sandbox.write("self.pem", &identity.certificate);
        scene.is_refused(scene.pull(&[]), 1, UNKNOWN);
        let run = scene.pull(&["--ca-file=self.pem"]);
        match names == ["0.0.0.0"] {
            true => scene.is_pulled(run),
            false => {
                let said = "roots: {host}: its certificate is for other.test\n\
                            hint: name the registry as its certificate does, or check who answers for it\n";
                scene.is_refused(run, 1, said);
            }
        }
    }
    let old = Identity::self_signed(&["0.0.0.0"], (2001, 2002));
    let scene = Scene::with(authority(), &old);
    scene.sandbox.write("self.pem", &old.certificate);
    scene.pull(&["--ca-file=self.pem"]).fails(1).says("expired");
}

/// Whoever had the key of an authority for some names could be a server of any other name with it.
#[test]
fn an_authority_for_some_names_is_no_server_itself() {
    for (below, is_taken) in [(&[][..], true), (&["good.test"], false)] {
        let identity = Identity::self_signed_for(&["0.0.0.0"], NOW, below);
        let scene = Scene::with(Authority::new("unused"), &identity);
        scene.sandbox.write("self.pem", &identity.certificate);
        let run = scene.pull(&["--ca-file=self.pem"]);
        match is_taken {
            true => scene.is_pulled(run),
            false => scene.is_refused(run, 1, UNKNOWN),
        }
    }
}

#[test]
fn a_certificate_of_another_time_or_name_is_refused() {
    let clock = "hint: check this machine's clock\n";
    let name = "hint: name the registry as its certificate does, or check who answers for it\n";
    for (names, years, code, said, hint) in [
        (
            &["0.0.0.0"][..],
            (2001, 2002),
            1,
            "expired on {date}, {days} days ago by this machine's clock",
            clock,
        ),
        (
            &["0.0.0.0"],
            (2020, 2026),
            1,
            "expired on {date}, {days} days ago by this machine's clock",
            "hint: have it renewed; --insecure accepts any, on a network that you trust\n",
        ),
        (
            &["0.0.0.0"],
            (3000, 4000),
            75,
            "is not yet valid: it will be in {days} days by this machine's clock",
            clock,
        ),
        (
            &["one.test", "*.two.test", "10.0.0.1"],
            NOW,
            1,
            "is for one.test, *.two.test, 10.0.0.1",
            name,
        ),
        (
            &[],
            NOW,
            1,
            "has no subject alternative name",
            "hint: a common name does not count: it has to get a new one with a subjectAltName\n",
        ),
    ] {
        let authority = Authority::new("an authority");
        let identity = authority.server_in(names, years);
        let scene = Scene::with(authority, &identity);
        let run = scene.pull(&["--ca-file=ca.pem"]);
        let days = run
            .stderr
            .split(' ')
            .find(|word| word.parse::<u32>().is_ok());
        let said = said.replace("{days}", days.unwrap_or_default());
        let said = said.replace("{date}", &format!("{}-01-01", years.1));
        let said = format!("roots: {{host}}: its certificate {said}\n{hint}");
        scene.is_refused(run, code, &said);
        assert_eq!(scene.front.connections(), 1);
    }
}

#[test]
fn insecure_takes_any_certificate_and_is_not_plain_http() {
    let authority = || Authority::new("an authority");
    for identity in [
        authority().server(&["0.0.0.0"]),
        authority().server(&["other.test"]),
        authority().server_in(&["0.0.0.0"], (2001, 2002)),
        authority().server_in(&["0.0.0.0"], (3000, 4000)),
        Identity::self_signed(&[], NOW),
    ] {
        let scene = Scene::with(authority(), &identity);
        scene.is_pulled(scene.pull(&["--insecure"]));
    }
    let registry = Registry::start();
    let name = format!(
        "0.0.0.0:{}/a/b:1",
        registry.host().split_once(':').unwrap().1
    );
    registry.push("a/b", "1", &hello());
    let sandbox = Sandbox::new("tls");
    let plain = sandbox.roots(["digest", "--plain-http", &name]);
    plain.run().succeeds();
    registry.forget_requests();
    let run = sandbox.roots(["digest", "--insecure", "--timeout=1", &name]);
    run.run().fails(75);
    assert_eq!(registry.lines(), [""; 0]);
}

/// Whoever sits in front of a token server or of storage elsewhere got tokens and passwords by it.
#[test]
fn insecure_is_for_the_registry_that_is_named() {
    for by_option in [true, false] {
        for part in ["token", "/blobs/", "/manifests/"] {
            let (scene, other) = (Scene::new(), Registry::start());
            let identity = Authority::new("a stranger").server(&["0.0.0.0"]);
            let front = TlsFront::start(&other.host(), &identity);
            match part {
                "token" => {
                    let realm = format!("Bearer realm=\"https://{}/token\"", front.host());
                    scene.registry.require_token(TokenRules::new());
                    scene.registry.challenge([realm]);
                }
                part => {
                    let url = format!("https://{}/there", front.host());
                    scene.registry.fault(part, ALWAYS, Fault::Redirect(url));
                }
            }
            let run = insecurely(&scene, by_option).fails(1);
            assert_eq!(run.stderr, UNKNOWN.replace("{host}", &front.host()));
            assert_eq!(other.lines(), [""; 0]);
            scene.sandbox.assert_nothing_left();
        }
        // On the same host and port, they are the registry.
        let scene = Scene::new();
        scene.registry.fault(
            "/manifests/",
            1,
            Fault::Redirect("/v2/a/b/manifests/1?there".to_owned()),
        );
        scene.is_pulled(insecurely(&scene, by_option));
    }
}

/// Pulls as the user allows any certificate: by the option, or in `registries.conf`.
fn insecurely(scene: &Scene, by_option: bool) -> Run {
    let command = scene
        .sandbox
        .roots(["pull", "--retries=0", &scene.name, "dest"]);
    match by_option {
        true => command.arg("--insecure").run(),
        false => {
            let host = scene.front.host();
            let conf = format!("[[registry]]\nlocation = \"{host}\"\ninsecure = true\n");
            let conf = scene.sandbox.write("registries.conf", conf);
            command.env("CONTAINERS_REGISTRIES_CONF", conf).run()
        }
    }
}

/// A mirror is another host than the one that was named.
#[test]
fn insecure_is_not_for_mirrors() {
    let (scene, registry) = (Scene::new(), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let mirror = scene.front.host();
    let pull = ["pull", "--insecure", "--mirror", &mirror, &name, "dest"];
    let run = scene.sandbox.roots(pull).run();
    scene.is_pulled(run.says("certificate signed by unknown authority; asking without it\n"));
    assert_eq!(scene.registry.lines(), [""; 0]);
}

/// One for mail or for signing others was taken for a server's.
#[test]
fn a_certificate_that_is_trusted_itself_is_held_to_what_it_is_for() {
    use rcgen::ExtendedKeyUsagePurpose as Purpose;
    use rcgen::KeyUsagePurpose as Usage;
    for (usages, purposes, good) in [
        (&[][..], &[][..], true),
        (&[Usage::DigitalSignature, Usage::KeyCertSign], &[], true),
        (&[Usage::KeyEncipherment], &[Purpose::ServerAuth], true),
        (&[], &[Purpose::ClientAuth, Purpose::ServerAuth], true),
        (&[Usage::KeyCertSign, Usage::CrlSign], &[], false),
        (&[], &[Purpose::ClientAuth], false),
        (&[], &[Purpose::EmailProtection], false),
        (&[Usage::DigitalSignature], &[Purpose::CodeSigning], false),
        (&[Usage::KeyCertSign], &[Purpose::ServerAuth], false),
    ] {
        let identity = Identity::self_signed_as(&["0.0.0.0"], usages, purposes);
        let scene = Scene::with(Authority::new("an authority"), &identity);
        scene.sandbox.write("self.pem", &identity.certificate);
        let run = scene.pull(&["--ca-file=self.pem"]);
        match good {
            true => scene.is_pulled(run),
            false => {
                run.fails(1).says("invalid certificate: ");
                assert_eq!(scene.registry.lines(), [""; 0]);
            }
        }
    }
}

#[test]
fn a_redirect_to_https_is_checked_too() {
    let (scene, plain) = (Scene::new(), Registry::start());
    let name = plain.push("a/b", "1", &hello());
    let url = format!("https://{}/v2/a/b/manifests/1", scene.front.host());
    plain.fault("/manifests/", ALWAYS, Fault::Redirect(url));
    let run = scene.sandbox.roots(["digest", &name]).run().fails(1);
    assert_eq!(run.stderr, UNKNOWN.replace("{host}", &scene.front.host()));
    let run = scene.sandbox.roots(["digest", "--ca-file=ca.pem", &name]);
    run.run().succeeds();
}

#[test]
fn connections_are_kept() {
    let scene = Scene::new();
    let start = Instant::now();
    scene.is_pulled(scene.pull(&["--ca-file=ca.pem"]));
    assert_eq!(scene.registry.lines().len(), 3);
    assert_eq!(scene.front.connections(), 1, "{:?}", start.elapsed());
}
