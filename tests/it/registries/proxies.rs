//! Proxies: which requests go through one, what it gets to see, and what is said of it.

use crate::support::{
    ALWAYS, Authority, Fault, HELLO, Identity, Proxy, Registry, Run, Sandbox, TlsFront, hello, tree,
};

const HOST: &str = "registry.test";

/// A registry that only the proxy knows the way to: `registry.test`, at 443 in TLS and at 80 without.
struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    proxy: Proxy,
    authority: Authority,
    _front: TlsFront,
}

impl Scene {
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("proxies"), Registry::start());
        let (authority, proxy) = (Authority::new("an authority"), Proxy::start());
        let identity: Identity = authority.server(&[HOST]);
        let front = TlsFront::start(&registry.host(), &identity);
        registry.push("a/b", "1", &hello());
        sandbox.write("ca.pem", authority.pem());
        proxy.route("registry.test:443", &front.address());
        proxy.route("registry.test:80", &registry.host());
        Self {
            sandbox,
            registry,
            proxy,
            authority,
            _front: front,
        }
    }

    /// Pulls with these variables and options.
    fn pull(&self, variables: &[(&str, &str)], options: &[&str]) -> Run {
        let command = self.sandbox.roots(["pull", "--force", "--ca-file=ca.pem"]);
        let command = variables
            .iter()
            .fold(command, |command, (name, value)| command.env(name, value));
        let name = format!("{HOST}/a/b:1");
        command.args(options).args([&name, "dest"]).run()
    }

    /// Asserts that a pull worked, and through the proxy.
    #[track_caller]
    fn is_pulled(&self, run: Run) {
        run.succeeds();
        assert_eq!(tree::sketch(self.sandbox.path("dest")), HELLO);
    }
}

/// The proxy was taken to have refused with status 103.
#[test]
fn a_proxy_may_send_interim_responses() {
    let scene = Scene::new();
    scene
        .proxy
        .interim("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    let url = scene.proxy.url();
    scene.is_pulled(scene.pull(&[("HTTPS_PROXY", &url)], &[]));
    scene.is_pulled(scene.pull(&[("HTTP_PROXY", &url)], &["--plain-http"]));
}

/// What had come of the answer was read again and again: no time-out and no signal ended that.
#[test]
fn the_answer_of_a_proxy_may_come_in_pieces() {
    let scene = Scene::new();
    scene.proxy.answer_in_pieces();
    let url = scene.proxy.url();
    scene.is_pulled(scene.pull(&[("HTTPS_PROXY", &url)], &[]));
    // The rest of it never comes.
    scene.proxy.interim("HTTP/1.1 103 Early Hi");
    let run = scene.pull(&[("HTTPS_PROXY", &url)], &["--timeout=1", "--retries=0"]);
    assert_eq!(run.code, Some(75), "{}", run.stderr);
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    scene.proxy.interim(&hints.repeat(10_000));
    let run = scene.pull(&[("HTTPS_PROXY", &url)], &["--retries=0"]);
    run.fails(1).says("response headers are too long");
}

#[test]
fn every_variable_names_a_proxy() {
    let scene = Scene::new();
    let (url, host) = (scene.proxy.url(), scene.proxy.host());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        scene.is_pulled(scene.pull(&[(variable, &url)], &[]));
    }
    scene.is_pulled(scene.pull(&[("https_proxy", &host)], &[]));
    scene.is_pulled(scene.pull(&[("https_proxy", &url), ("HTTPS_PROXY", "x://")], &[]));
    scene.is_pulled(scene.pull(&[("HTTPS_PROXY", &url), ("ALL_PROXY", "x://")], &[]));
    assert_eq!(
        scene.proxy.lines(),
        ["CONNECT registry.test:443 HTTP/1.1"; 7]
    );
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        scene.is_pulled(scene.pull(&[(variable, &url)], &["--plain-http"]));
    }
    let plain = &scene.proxy.lines()[7..];
    assert_eq!(plain, ["CONNECT registry.test:80 HTTP/1.1"; 3]);
}

#[test]
fn the_proxy_sees_no_secret_of_the_registry() {
    let scene = Scene::new();
    scene.registry.require_basic("joe", "hunter2");
    let url = scene.proxy.url();
    for option in ["--plain-http", "--verbose"] {
        let variables = [("ALL_PROXY", &*url), ("ROOTS_AUTH", "joe:hunter2")];
        let run = scene.pull(&variables, &["--verbose", option]);
        scene.is_pulled(run.never_says("hunter2"));
    }
    let asked = [
        "CONNECT registry.test:80 HTTP/1.1",
        "CONNECT registry.test:443 HTTP/1.1",
    ];
    assert_eq!(scene.proxy.lines(), asked);
    let heads = scene.proxy.heads().join("").to_ascii_lowercase();
    assert!(!heads.contains("authorization"), "{heads}");
}

#[test]
fn a_proxy_may_want_a_password() {
    let scene = Scene::new();
    // joe@home:p@ss:word
    scene.proxy.require("Basic am9lQGhvbWU6cEBzczp3b3Jk");
    let host = scene.proxy.host();
    let url = format!("http://joe%40home:p%40ss%3aword@{host}");
    let pull = |url: &str| scene.pull(&[("HTTPS_PROXY", url)], &["--verbose"]);
    scene.is_pulled(pull(&url).never_says("p@ss").never_says("p%40ss"));
    let said = format!(
        "roots: https://registry.test/v2/a/b/manifests/1: proxy {host} refused CONNECT: status 407\n\
         hint: the variable that names the proxy takes user:password@ before the host\n"
    );
    for url in [&scene.proxy.url(), &format!("http://joe:sesame@{host}")] {
        let run = pull(url).fails(4).never_says("sesame");
        assert_eq!(run.stderr, said);
    }
    assert_eq!(scene.registry.lines().len(), 3);
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let scene = Scene::new();
    let host = scene.proxy.host();
    let url = format!("http://joe:sesame@{host}");
    for (status, code, asked) in [(403, 4, 1), (405, 1, 1), (502, 75, 2), (503, 75, 2)] {
        scene.proxy.refuse(status);
        let before = scene.proxy.lines().len();
        let run = scene.pull(&[("HTTPS_PROXY", &url)], &["--retries=1"]);
        let run = run.fails(code).never_says("sesame");
        run.says(&format!(
            "roots: https://registry.test/v2/a/b/manifests/1: proxy {host} refused CONNECT: status {status}\n"
        ));
        assert_eq!(scene.proxy.lines().len() - before, asked, "{status}");
    }
    assert_eq!(scene.registry.lines(), [""; 0]);
    drop(scene.proxy);
    let sandbox = Sandbox::new("proxies");
    let run = sandbox.roots(["digest", "registry.test/a/b:1"]);
    let run = run
        .env("HTTPS_PROXY", &url)
        .run()
        .fails(75)
        .never_says("sesame");
    let said = format!(
        "roots: https://registry.test/v2/a/b/manifests/1: the proxy {host}: connection refused\n\
         hint: check the variable that names the proxy, or add the host to NO_PROXY\n"
    );
    assert_eq!(run.stderr, said);
}

#[test]
fn a_variable_that_names_no_proxy_is_an_error() {
    let scene = Scene::new();
    for (variable, value, why) in [
        (
            "HTTPS_PROXY",
            "socks5://joe:sesame@p:1080",
            "socks proxies are not supported",
        ),
        ("all_proxy", "ftp://joe:sesame@p:1", "not a proxy URL"),
        ("https_proxy", "http://joe:sesame@", "not a proxy URL"),
        ("ALL_PROXY", "http://joe:se/same@p:1", "not a proxy URL"),
    ] {
        let run = scene.pull(&[(variable, value)], &[]).fails(2);
        let run = run.never_says("sesame").never_says("se/same");
        run.says(&format!(
            "roots: {variable}: {why}\nhint: a proxy is written like "
        ));
    }
    scene.sandbox.assert_nothing_left();
}

#[test]
fn some_servers_are_asked_without_a_proxy() {
    let scene = Scene::new();
    let (proxy, broken) = (scene.proxy.url(), "socks5://x");
    // Loopback, whatever the variables say.
    let plain = scene.registry.image("a/b:1");
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        for value in [&proxy, broken] {
            let run = scene.sandbox.roots(["digest", &plain]);
            run.env(variable, value).run().succeeds();
        }
    }
    // 0.0.0.0 leads to loopback, too, but does not look like it.
    let port = scene.registry.host().split_once(':').unwrap().1.to_owned();
    let name = format!("0.0.0.0:{port}/a/b:1");
    for none in [
        "*",
        "0.0.0.0",
        "x, 0.0.0.0/8 ,y",
        &format!("0.0.0.0:{port}"),
    ] {
        for variable in ["NO_PROXY", "no_proxy"] {
            let run = scene.sandbox.roots(["digest", "--plain-http", &name]);
            let run = run.env("ALL_PROXY", broken).env(variable, none).run();
            run.succeeds();
        }
    }
    assert_eq!(scene.proxy.lines(), [""; 0]);
    let run = scene.sandbox.roots(["digest", "--plain-http", &name]);
    let run = run.env("ALL_PROXY", &proxy).env("NO_PROXY", "10.0.0.0/8");
    run.run().fails(75);
    assert_eq!(
        scene.proxy.lines(),
        [format!("CONNECT 0.0.0.0:{port} HTTP/1.1")]
    );
}

#[test]
fn a_redirect_chooses_its_proxy_anew() {
    let scene = Scene::new();
    let cdn = Registry::start();
    scene
        .registry
        .redirect_blobs_by(&cdn, "http://cdn.test:8080");
    scene.proxy.route("cdn.test:8080", &cdn.host());
    // From loopback, which needs no proxy, to where only the proxy gets to.
    let (name, url) = (scene.registry.image("a/b:1"), scene.proxy.url());
    let run = scene.sandbox.roots(["pull", &name, "dest"]);
    scene.is_pulled(run.env("ALL_PROXY", &url).run());
    assert_eq!(scene.proxy.lines(), ["CONNECT cdn.test:8080 HTTP/1.1"]);
    assert_eq!(cdn.requests().len(), 2);
    // And through the proxy to both.
    let options = ["--plain-http", "--cache=no"];
    scene.is_pulled(scene.pull(&[("ALL_PROXY", &url)], &options));
    let asked = [
        "CONNECT registry.test:80 HTTP/1.1",
        "CONNECT cdn.test:8080 HTTP/1.1",
    ];
    assert_eq!(scene.proxy.lines()[1..], asked);
}

#[test]
fn a_proxy_may_speak_tls_itself() {
    let scene = Scene::new();
    let identity = scene.authority.server(&["0.0.0.0"]);
    let secure = TlsFront::start(&scene.proxy.host(), &identity);
    let url = format!("https://{}", secure.host());
    scene.is_pulled(scene.pull(&[("HTTPS_PROXY", &url)], &[]));
    scene.is_pulled(scene.pull(&[("HTTP_PROXY", &url)], &["--plain-http"]));
    assert_eq!(scene.proxy.lines().len(), 2);
    // It is the proxy that is not trusted.
    let name = format!("{HOST}/a/b:1");
    let run = scene
        .sandbox
        .roots(["digest", &name])
        .env("HTTPS_PROXY", &url);
    let said = format!(
        "roots: {}: certificate signed by unknown authority\n",
        secure.host()
    );
    run.run().fails(1).says(&said);
    // Its password used to be shown along with its name, and looked for among the folders of certs.d.
    let url = format!("https://joe:hunter2@{}", secure.host());
    let digest = || {
        let digest = scene.sandbox.roots(["digest", "-v", &name]);
        digest.env("HTTPS_PROXY", &url).run()
    };
    digest().fails(1).says(&said).never_says("hunter2");
    let folder = format!("home/.config/containers/certs.d/{}", secure.host());
    let pem = scene.authority.pem();
    scene.sandbox.write(format!("{folder}/ca.crt"), pem);
    let run = digest().never_says(&said);
    run.never_says("hunter2").never_says("am9lOmh1bnRlcjI=");
}

/// Its folder used to be looked for under the name of the host that answers, which nobody types.
#[test]
fn docker_hubs_certificates_are_under_its_name() {
    let scene = Scene::new();
    let identity = scene.authority.server(&["registry-1.docker.io"]);
    let front = TlsFront::start(&scene.registry.host(), &identity);
    scene
        .proxy
        .route("registry-1.docker.io:443", &front.address());
    scene.registry.push("library/x", "1", &hello());
    let digest = || {
        let digest = scene.sandbox.roots(["digest", "docker.io/x:1"]);
        digest.env("HTTPS_PROXY", scene.proxy.url()).run()
    };
    digest()
        .fails(1)
        .says("certificate signed by unknown authority");
    let pem = scene.authority.pem();
    let folder = "home/.config/containers/certs.d/docker.io";
    scene.sandbox.write(format!("{folder}/ca.crt"), pem);
    digest().succeeds();
}

#[test]
fn silence_behind_a_proxy_ends() {
    let scene = Scene::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    scene.proxy.route("silent.test:443", &address);
    scene.proxy.route("silent.test:80", &address);
    let run = |proxy: &str, options: &[&str]| {
        let command = scene.sandbox.roots(["digest", "--timeout=1"]).args(options);
        command.arg("silent.test/a:1").env("ALL_PROXY", proxy).run()
    };
    let start = std::time::Instant::now();
    let proxy = scene.proxy.url();
    run(&proxy, &[])
        .fails(75)
        .says("timed out waiting for a response (through the proxy ");
    run(&proxy, &["--plain-http"])
        .fails(75)
        .says("timed out waiting for a response (through the proxy ");
    run(&format!("http://{address}"), &[])
        .fails(75)
        .says("timed out waiting for a response (through the proxy ");
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn a_machine_asks_for_its_own_token_without_a_proxy() {
    let sandbox = Sandbox::new("proxies");
    let (registry, proxy) = (Registry::start(), Proxy::start());
    let authority = Authority::new("an authority");
    let front = TlsFront::start(&registry.host(), &authority.server(&["gcr.io"]));
    sandbox.write("ca.pem", authority.pem());
    registry.push("a/b", "1", &hello());
    registry.require_basic("oauth2accesstoken", "hunter2");
    proxy.route("gcr.io:443", &front.address());
    proxy.route("metadata.test:80", &registry.host());
    let command = sandbox.roots(["digest", "--ca-file=ca.pem", "gcr.io/a/b:1"]);
    let command = command.env("GCE_METADATA_HOST", "metadata.test");
    command.env("ALL_PROXY", proxy.url()).run().fails(4);
    assert_eq!(proxy.lines(), ["CONNECT gcr.io:443 HTTP/1.1"]);
}

/// A proxy is nobody's business but its own, and a server behind it may know its password all the same.
#[test]
fn a_proxys_password_is_not_said_back() {
    for said in ["p@ss-word", "p%40ss-word", "am9lOnBAc3Mtd29yZA=="] {
        let scene = Scene::new();
        let message = format!("{{\"code\":\"DENIED\",\"message\":\"{said}\"}}");
        let refused = Fault::status_with(418, &[("X-Said", said)], message);
        scene.registry.fault("/manifests/", ALWAYS, refused);
        let url = scene
            .proxy
            .url()
            .replace("http://", "http://joe:p%40ss-word@");
        let run = scene.pull(&[("HTTPS_PROXY", &url)], &["-v"]).fails(1);
        let said = said.trim_end_matches('=');
        run.says("DENIED ***").never_says(said);
    }
}
