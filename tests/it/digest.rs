//! `roots digest`: what pull would extract, or what the name stands for; and nothing is written.

use crate::support::{ALWAYS, Fault, Index, Registry, Sandbox, hello};

#[test]
fn digest_writes_nothing_and_reads_no_layer() {
    let sandbox = Sandbox::new("digest_writes_nothing");
    let registry = Registry::start();
    let image = hello();
    let name = registry.push("a/b", "1", &image);
    for arguments in [&["digest", &name][..], &["digest", "--index", &name]] {
        let run = sandbox.roots(arguments).run().succeeds();
        run.prints(&format!("{}\n", image.manifest.digest));
    }
    assert_eq!(registry.requests_for(&image.layers[0].digest).len(), 0);
    assert_eq!(sandbox.names(""), [""; 0]);
    for arguments in [["digest", "a:2"], ["digest", "c"]] {
        sandbox
            .roots([arguments[0], "--index", &registry.image(arguments[1])])
            .run()
            .fails(3);
        sandbox
            .roots([arguments[0], &registry.image(arguments[1])])
            .run()
            .fails(3);
    }
}

#[test]
fn digest_reads_the_index_where_the_header_says_nothing() {
    let sandbox = Sandbox::new("digest_reads_the_index");
    for fault in [
        Fault::status(405),
        Fault::WithoutHeader("Docker-Content-Digest".into()),
        Fault::header("Docker-Content-Digest", "sha256:x"),
    ] {
        let registry = Registry::start();
        let index = Index::new().image(&hello()).build();
        let name = registry.push_index("a", "1", &index);
        registry.fault("HEAD ", ALWAYS, fault);
        let run = sandbox.roots(["digest", "--index", &name]).run().succeeds();
        run.prints(&format!("{}\n", index.index.digest));
        assert_eq!(
            registry.lines(),
            ["HEAD /v2/a/manifests/1", "GET /v2/a/manifests/1"]
        );
    }
}
