//! A docker-registry that speaks TLS, with a certificate of an authority that nobody knows.

use super::authority::Authority;
use super::docker_registry::DockerRegistry;
use super::tinyproxy::Tinyproxy;
use super::{changes, peer};
use crate::destinations::disk::mounting;
use crate::support::sandbox::Command;
use crate::support::tree::{self, Tree};
use crate::support::{Built, Layout, Sandbox};
use std::fs;

/// An address of this machine that is not its loopback to `roots`: Linux connects to it all the same.
const ADDRESS: &str = "0.0.0.0";

/// What is said of a certificate that nobody known has signed.
const UNKNOWN: &str = ": certificate signed by unknown authority\n";

/// What is said to who shows no certificate where one is wanted.
const WANTED: &str = ": client certificate required\n";

/// A registry with an image, and the tree of that.
struct Tls {
    sandbox: Sandbox,
    authority: Authority,
    registry: DockerRegistry,
    image: Built,
    tree: Tree,
}

impl Tls {
    /// `clients`: only who shows a certificate of the same authority is let in. `more` is YAML.
    fn new(what: &str, clients: bool, more: &str) -> Self {
        let sandbox = Sandbox::new(what);
        let authority = Authority::new(&sandbox, "authority", ADDRESS);
        let path = |file| authority.path(file).display().to_string();
        let (certificate, key, ca) = (path("server.crt"), path("server.key"), path("ca.crt"));
        let clientcas = if clients {
            format!(", clientcas: ['{ca}']")
        } else {
            String::new()
        };
        let http = format!("  tls: {{certificate: '{certificate}', key: '{key}'{clientcas}}}\n");
        let registry = DockerRegistry::configured(&sandbox, "registry", &http, more);
        let image = changes::image().build();
        let layout = sandbox.path("layout");
        Layout::new().image("image", &image).write(&layout);
        let source = format!("oci:{}:image", layout.display());
        let straight = ["pull", "--cache=no", &source, "straight"];
        sandbox.roots(straight).run().succeeds();
        // The files that skopeo looks for in a folder of certificates.
        let known = sandbox.mkdir("known");
        for file in ["ca.crt", "client.crt", "client.key"] {
            let name = file.replace("client.crt", "client.cert");
            fs::copy(authority.path(file), known.join(name)).unwrap();
        }
        let tls = Self {
            tree: tree::list(sandbox.path("straight")),
            sandbox,
            authority,
            registry,
            image,
        };
        let certificates = format!("--dest-cert-dir={}", known.display());
        let options = [&certificates, "--preserve-digests"];
        peer::push(&source, &format!("docker://{}", tls.name()), &options);
        tls
    }

    fn host(&self) -> String {
        self.registry.host().replace("127.0.0.1", ADDRESS)
    }

    fn name(&self) -> String {
        format!("{}/some/image:1", self.host())
    }

    fn pull(&self) -> Command {
        let name = self.name();
        self.sandbox.roots(["pull", "--cache=no", &name, "dest"])
    }

    /// Pulls, which has to give the tree.
    #[track_caller]
    fn pulls(&self, what: &str, command: Command) {
        let digest = format!("{}\n", self.image.manifest.digest);
        command.run().succeeds().prints(&digest);
        let pulled = tree::list(self.sandbox.path("dest"));
        assert_eq!(tree::diff(&pulled, &self.tree), [""; 0], "{what}");
        fs::remove_dir_all(self.sandbox.path("dest")).unwrap();
    }

    /// Pulls, which has to fail and say why, before anything was asked.
    #[track_caller]
    fn fails(&self, command: Command, code: i32, why: &str) {
        let before = self.registry.asked().len();
        command.run().fails(code).says(why);
        self.sandbox.assert_nothing_left();
        assert_eq!(self.registry.asked().len(), before);
    }
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_tls_wants_an_authority_that_is_known() {
    let tls = Tls::new("interop_tls", false, "");
    let ca = tls.authority.path("ca.crt");
    tls.fails(tls.pull(), 1, UNKNOWN);
    tls.pulls("--ca-file", tls.pull().arg("--ca-file").arg(&ca));
    tls.pulls("SSL_CERT_FILE", tls.pull().env("SSL_CERT_FILE", &ca));
    tls.pulls("--insecure", tls.pull().arg("--insecure"));

    for (name, why) in [("other", UNKNOWN), ("same/authority", " certificate ")] {
        let other = Authority::new(&tls.sandbox, name, ADDRESS);
        let other = tls.pull().arg("--ca-file").arg(other.path("ca.crt"));
        tls.fails(other, 1, why);
    }
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_tls_with_folders_of_certificates() {
    let tls = Tls::new("interop_certs_d", false, "");
    let own = format!("home/.config/containers/certs.d/{}/ca.crt", tls.host());
    let ca = fs::read(tls.authority.path("ca.crt")).unwrap();
    let own = tls.sandbox.write(own, &ca);
    tls.pulls("own", tls.pull());
    // Even empty it would be the first that there is, and count.
    fs::remove_dir_all(own.parent().unwrap()).unwrap();
    for folder in ["/etc/containers/certs.d", "/etc/docker/certs.d"] {
        let ca = tls.authority.path("ca.crt");
        // A file system of its own over that of the machine, in a namespace that ends with the pull.
        let lay = format!(
            "mount -t tmpfs none /etc; mkdir -p {folder}/{host}; cp {ca} {folder}/{host}/ca.crt",
            host = tls.host(),
            ca = ca.display()
        );
        let prelude = mounting(&lay, "true").expect("root may mount");
        tls.pulls(folder, tls.pull().prelude(&prelude));
    }
    tls.fails(tls.pull(), 1, UNKNOWN);
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_tls_shows_a_clients_certificate() {
    let tls = Tls::new("interop_client", true, "");
    let ca = tls.authority.path("ca.crt");
    tls.fails(tls.pull().arg("--ca-file").arg(ca), 1, WANTED);
    let folder = format!("home/.config/containers/certs.d/{}", tls.host());
    for (file, name) in [
        ("ca.crt", "ca.crt"),
        ("client.crt", "client.cert"),
        ("client.key", "client.key"),
    ] {
        let contents = fs::read(tls.authority.path(file)).unwrap();
        tls.sandbox.write(format!("{folder}/{name}"), contents);
    }
    tls.pulls("client", tls.pull());
    // A certificate without its key is not left out in silence.
    fs::remove_file(tls.sandbox.path(format!("{folder}/client.key"))).unwrap();
    tls.fails(
        tls.pull(),
        2,
        "client.cert: client.key, which belongs to it, is missing\n",
    );
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_tls_does_not_lead_out_of_tls() {
    let redirect = "{name: redirect, options: {baseurl: 'http://0.0.0.0:9/'}}";
    let more = format!("middleware: {{storage: [{redirect}]}}\n");
    let tls = Tls::new("interop_downgrade", false, &more);
    let pull = tls.pull().arg("--insecure").env("ROOTS_RETRIES", "3");
    let run = pull.run().fails(1);
    run.says("redirect refused: it leads from https to http\n");
    tls.sandbox.assert_nothing_left();
    let asked = tls.registry.asked().into_iter();
    let blobs = asked.filter(|line| line.starts_with("roots: ") && line.contains("/blobs/"));
    assert_eq!(blobs.count(), 1);
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_tls_through_a_proxy_that_wants_a_password() {
    let tls = Tls::new("interop_proxy", false, "");
    let proxy = Tinyproxy::start(&tls.sandbox);
    let ca = tls.authority.path("ca.crt");
    let pull = || tls.pull().arg("--ca-file").arg(&ca);
    let through = |credentials: &str| pull().env("HTTPS_PROXY", proxy.url(credentials));
    tls.pulls("proxy", through("joe:hunter2"));
    assert!(proxy.connects(&tls.host()) > 0);
    let before = proxy.connects(&tls.host());
    tls.fails(through("joe:sesame"), 4, " refused CONNECT: status 401\n");
    assert!(proxy.connects(&tls.host()) > before);
    let before = proxy.connects(&tls.host());
    tls.pulls("NO_PROXY", through("joe:sesame").env("NO_PROXY", ADDRESS));
    assert_eq!(proxy.connects(&tls.host()), before);
}
