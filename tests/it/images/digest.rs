//! `roots digest`: what pull would extract, or what the name stands for; and nothing is written.

use crate::support::{
    ALWAYS, Fault, Image, Index, Layout, Registry, Run, Sandbox, hello, hello_layer, marked,
};
use serde_json::{Value, json};

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

/// The objects on stdout; all that stands on stderr is one, too.
fn objects(run: &Run) -> Vec<Value> {
    let parse = |line| -> Value { serde_json::from_str(line).unwrap() };
    for line in run.stderr.lines() {
        assert!(parse(line)["event"].is_string(), "{line}");
    }
    run.stdout.lines().map(parse).collect()
}

#[test]
fn an_object_for_each_image_says_what_its_name_stands_for() {
    let (sandbox, registry) = (Sandbox::new("digest_json"), Registry::start());
    let (near, far) = (hello(), marked("far", "linux", "s390x", None));
    let index = Index::new().image(&near).image(&far).build();
    let docker = Image::new().layer(hello_layer()).docker().build();
    let names = [
        registry.push_index("a", "1", &index),
        registry.push("b/c", "2", &docker),
    ];
    Layout::new()
        .image("mine", &far)
        .write(sandbox.path("layout"));
    let digest = sandbox.roots(["digest", "--json", &names[0], &names[1]]);
    let said = objects(&digest.run().succeeds());
    let platform = said[0]["platform"].clone();
    assert!(platform.as_str().unwrap().starts_with("linux/"));
    assert_eq!(
        said,
        [
            json!({
                "reference": names[0],
                "digest": index.index.digest,
                "manifest": near.manifest.digest,
                "platform": platform,
                "media_type": "application/vnd.oci.image.manifest.v1+json",
                "size": near.manifest.bytes.len(),
            }),
            json!({
                "reference": names[1],
                "digest": docker.manifest.digest,
                "manifest": docker.manifest.digest,
                "platform": platform,
                "media_type": "application/vnd.docker.distribution.manifest.v2+json",
                "size": docker.manifest.bytes.len(),
            }),
        ]
    );
    let digest = ["digest", "--json", "--index", &names[0], "oci:layout"];
    let layout = sandbox.path("layout").display().to_string();
    assert_eq!(
        objects(&sandbox.roots(digest).run().succeeds()),
        [
            json!({
                "reference": names[0],
                "digest": index.index.digest,
                "media_type": "application/vnd.oci.image.index.v1+json",
                "size": index.index.bytes.len(),
            }),
            json!({
                "reference": format!("oci:{layout}"),
                "digest": far.manifest.digest,
                "media_type": "application/vnd.oci.image.manifest.v1+json",
                "size": far.manifest.bytes.len(),
            }),
        ]
    );
    let digest = ["digest", "--json", "--arch=s390x", &names[0]];
    let said = objects(&sandbox.roots(digest).run().succeeds());
    assert_eq!(said[0]["manifest"], json!(far.manifest.digest));
    // No layer is read for that.
    assert_eq!(registry.requests_for(&near.layers[0].digest).len(), 0);
    assert_eq!(sandbox.names(""), ["layout"]);
}

#[test]
fn json_is_no_lock_and_nothing_is_printed_of_a_failure() {
    let (sandbox, registry) = (Sandbox::new("digest_json_lock"), Registry::start());
    let name = registry.push("a", "1", &hello());
    for (arguments, code, requests) in [
        (["digest", "--json", "--lock", &name], 2, 0),
        (["digest", "--lock", &name, "--json"], 2, 0),
        (["digest", "--json", &name, "docker.io/Bad"], 2, 0),
        (["digest", "--json", &name, &registry.image("none:1")], 3, 3),
        (["digest", "--json", &name, "./none"], 3, 2),
        (["digest", "--json", "--platform=linux/s390x", &name], 3, 2),
    ] {
        registry.forget_requests();
        let run = sandbox.roots(arguments).run();
        assert_eq!((run.code, &*run.stdout), (Some(code), ""), "{}", run.stderr);
        let last: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(last["exit_code"], json!(code));
        assert_eq!(registry.lines().len(), requests, "{arguments:?}");
    }
}
