//! Whoever is silent is named while it lasts, however it is reached; and given up as ever.

use crate::support::sandbox::Command;
use crate::support::{
    ALWAYS, Authority, Fault, HELLO, Proxy, Registry, Sandbox, TlsFront, hello, tree,
};

const HOST: &str = "registry.test";

/// A registry that is reached directly or through TLS, and through a proxy that is reached by either, too.
struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    layer: String,
    proxy: Proxy,
    front: TlsFront,
    secure_proxy: TlsFront,
}

impl Scene {
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
        let (authority, proxy) = (Authority::new("an authority"), Proxy::start());
        let front = TlsFront::start(&registry.host(), &authority.server(&["0.0.0.0", HOST]));
        let own = authority.server(&["0.0.0.0"]);
        let secure_proxy = TlsFront::start(&proxy.host(), &own);
        registry.push("a/b", "1", &hello());
        sandbox.write("ca.pem", authority.pem());
        proxy.route("registry.test:443", &front.address());
        proxy.route("registry.test:80", &registry.host());
        Self {
            sandbox,
            layer: hello().layers[0].digest.clone(),
            registry,
            proxy,
            front,
            secure_proxy,
        }
    }

    /// Pulls on each of the ways there are, and by which name the registry goes there.
    fn ways(&self) -> [(Command, &'static str); 5] {
        let pull = |host: &str| {
            let name = format!("{host}/a/b:1");
            let pull = self
                .sandbox
                .roots(["pull", "--json", "--cache=no", "--force"]);
            pull.args(["--ca-file=ca.pem", &name])
        };
        let (proxy, secure) = (self.proxy.url(), self.secure_proxy.host());
        let secure = format!("https://{secure}");
        [
            (pull(&self.registry.host()), "127.0.0.1"),
            (pull(&self.front.host()), "0.0.0.0"),
            (pull(HOST).env("HTTPS_PROXY", &proxy), HOST),
            (
                pull(HOST).env("HTTP_PROXY", &proxy).arg("--plain-http"),
                HOST,
            ),
            (pull(HOST).env("HTTPS_PROXY", secure), HOST),
        ]
    }
}

#[test]
fn a_silence_is_told_and_waited_out_on_each_way() {
    let scene = Scene::new();
    scene.registry.fault(&scene.layer, ALWAYS, Fault::Stall(10));
    let ways = scene.ways().into_iter().enumerate();
    let runs = ways.map(|(n, (pull, host))| {
        let pull = |dest: &str, timeout| pull.clone().args([&*format!("{dest}-{n}"), timeout]);
        let patient = pull("patient", "--timeout=60").spawn();
        (patient, pull("hasty", "--timeout=2").spawn(), host)
    });
    for (patient, hasty, host) in runs.collect::<Vec<_>>() {
        let waiting = format!("\"state\":\"waiting\",\"waiting_for\":\"{host}\"");
        patient.until_says(&waiting);
        assert!(patient.is_running());
        let run = hasty.wait();
        assert_eq!(run.code, Some(75), "{host}: {}", run.stderr);
        run.says(&waiting).says("timed out waiting for a response");
    }
    scene.registry.recover();
    for (pull, _) in scene.ways() {
        pull.arg("dest").run().succeeds();
        assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
    }
}
