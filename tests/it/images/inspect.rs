//! `roots inspect IMAGE`: what a person wants to know before pulling, without a layer being asked for.

use crate::support::image::oci;
use crate::support::{
    Built, Compression, Image, Index, Layer, Layout, Registry, Run, Sandbox, hello, hello_layer,
    host_platform, marked,
};
use serde_json::{Value, json};

mod annotations;
mod attestations;
mod hostile;
mod machine;
mod raw;

/// An image that says all that a config can say, with one layer in gzip and one as it is.
fn full() -> Built {
    let image = Image::new().layer(hello_layer()).layer(hello_layer());
    let image = image.compressed(Compression::None).config(|document| {
        document["created"] = "2026-11-10T01:02:03Z".into();
        document["author"] = "Jo <jo@example.com>".into();
        document["history"] = json!([
            {"created": "2026-11-10T00:00:00Z", "created_by": "ADD\t base.tar /\n", "author": "Jo"},
            {"created_by": format!("RUN {}", "x".repeat(200)), "comment": "buildkit"},
            {"created_by": "CMD [\"serve\"]", "empty_layer": true, "unknown": 5},
            {"comment": "imported", "empty_layer": false},
        ]);
        document["config"] = json!({
            "Entrypoint": ["/init", "--", "a b"],
            "Cmd": ["serve"],
            "Env": ["PATH=/bin", "LANG=C.UTF-8"],
            "User": "app:app",
            "WorkingDir": "/srv",
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
            "Volumes": {"/data": {}},
            "Labels": {"b": "2", "a": "1"},
            "StopSignal": "SIGQUIT",
            "Healthcheck": {
                "Test": ["CMD-SHELL", "curl -f localhost"], "Interval": 90_000_000_000u64, "Timeout": 300_000_000,
                "StartPeriod": 0, "StartInterval": 5_000_000_000u64, "Retries": 3,
            },
            "Shell": ["/bin/bash", "-c"],
            "OnBuild": ["RUN make", "USER app"],
        });
    });
    image.build()
}

fn platform() -> String {
    let (os, architecture, variant) = host_platform();
    let variant = variant.map(|variant| format!("/{variant}"));
    format!("{os}/{architecture}{}", variant.unwrap_or_default())
}

fn inspect(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.roots(["inspect"]).args(arguments).run()
}

fn json_of(sandbox: &Sandbox, name: &str) -> Value {
    let run = inspect(sandbox, &["--json", name]).succeeds();
    assert_eq!(run.stderr, "");
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_page_shows_what_there_is_to_know() {
    let (sandbox, registry) = (Sandbox::new("inspect"), Registry::start());
    let image = full();
    let name = registry.push("a/b", "1", &image);
    let run = inspect(&sandbox, &[&name]).succeeds();
    assert_eq!(run.stderr, "");
    let (manifest, platform) = (&image.manifest.digest, platform());
    let (config, long) = (&image.config.digest, "x".repeat(96));
    let [one, two] = [&image.layers[0], &image.layers[1]];
    let size = |size: usize| match size {
        0..1000 => format!("{size} B"),
        _ => format!("{:.1} kB", size as f64 / 1000.0),
    };
    let sizes = [one, two].map(|layer| size(layer.bytes.len()));
    let width = sizes.iter().map(String::len).max().unwrap();
    let [first, second] = sizes.map(|size| format!("{size:width$}"));
    let total = size(one.bytes.len() + two.bytes.len());
    let page = format!(
        "reference:    {name}\n\
         digest:       {manifest}\n\
         manifest:     {manifest}\n\
         image id:     {config}\n\
         platform:     {platform}\n\
         created:      2026-11-10T01:02:03Z\n\
         author:       Jo <jo@example.com>\n\
         size:         {total} in 2 layers\n\
         entrypoint:   [\"/init\", \"--\", \"a b\"]\n\
         cmd:          [\"serve\"]\n\
         env:          PATH=/bin\n\
         \x20             LANG=C.UTF-8\n\
         user:         app:app\n\
         workdir:      /srv\n\
         ports:        53/udp\n\
         \x20             80/tcp\n\
         volumes:      /data\n\
         stop signal:  SIGQUIT\n\
         healthcheck:  [\"CMD-SHELL\", \"curl -f localhost\"]\n\
         \x20             interval 1m30s, timeout 300ms, start interval 5s, retries 3\n\
         shell:        [\"/bin/bash\", \"-c\"]\n\
         onbuild:      RUN make\n\
         \x20             USER app\n\
         labels:       a=1\n\
         \x20             b=2\n\
         layers:       {}  {first}  gzip\n\
         \x20             {}  {second}  not compressed\n\
         history:      ADD base.tar /\n\
         \x20             RUN {long}...\n\
         \x20             (empty) CMD [\"serve\"]\n\
         \x20             imported\n",
        one.digest, two.digest
    );
    assert_eq!(run.stdout, page);
    let asked = [
        "GET /v2/a/b/manifests/1".to_owned(),
        format!("GET /v2/a/b/blobs/{config}"),
    ];
    assert_eq!(registry.lines()[..2], asked);
    // Signatures are asked for once, in all places.
    assert_eq!(registry.lines().len(), 5);
    assert_eq!(sandbox.names(""), [""; 0], "nothing is written");
}

#[test]
fn a_program_gets_the_same_as_an_object() {
    let (sandbox, registry) = (Sandbox::new("inspect"), Registry::start());
    let image = full();
    let name = registry.push("a/b", "1", &image);
    let [one, two] = [&image.layers[0], &image.layers[1]];
    let diff_id = &image.config.value()["rootfs"]["diff_ids"][0];
    let size = |layer: &crate::support::Blob| layer.bytes.len();
    let wanted = json!({
        "reference": name,
        "digest": image.manifest.digest,
        "manifest": image.manifest.digest,
        "image_id": image.config.digest,
        "platform": platform(),
        "created": "2026-11-10T01:02:03Z",
        "author": "Jo <jo@example.com>",
        "history": [
            {"created": "2026-11-10T00:00:00Z", "created_by": "ADD\t base.tar /\n", "author": "Jo", "empty_layer": false},
            {"created_by": format!("RUN {}", "x".repeat(200)), "comment": "buildkit", "empty_layer": false},
            {"created_by": "CMD [\"serve\"]", "empty_layer": true},
            {"comment": "imported", "empty_layer": false},
        ],
        "size": size(one) + size(two),
        "layers": [
            {"digest": one.digest, "diff_id": diff_id, "size": size(one), "media_type": one.media_type},
            {"digest": two.digest, "diff_id": two.digest, "size": size(two), "media_type": two.media_type,
             "unpacked": size(two)},
        ],
        "config": {
            "entrypoint": ["/init", "--", "a b"],
            "cmd": ["serve"],
            "env": ["PATH=/bin", "LANG=C.UTF-8"],
            "user": "app:app",
            "workdir": "/srv",
            "ports": ["53/udp", "80/tcp"],
            "volumes": ["/data"],
            "labels": {"a": "1", "b": "2"},
            "stop_signal": "SIGQUIT",
            "healthcheck": {
                "test": ["CMD-SHELL", "curl -f localhost"], "interval": 90_000_000_000u64,
                "timeout": 300_000_000, "start_interval": 5_000_000_000u64, "retries": 3,
            },
            "shell": ["/bin/bash", "-c"],
            "on_build": ["RUN make", "USER app"],
        },
    });
    assert_eq!(json_of(&sandbox, &name), wanted);
}

#[test]
fn what_is_unpacked_is_known_of_what_is_not_compressed() {
    let sandbox = Sandbox::new("inspect");
    let layer = || Layer::new().file("hello", 0o644, "hello\n");
    let image = Image::new().layer(layer()).compressed(Compression::None);
    let image = image.build();
    Layout::new()
        .image("1", &image)
        .write(sandbox.path("plain"));
    let said = json_of(&sandbox, "oci:plain");
    assert_eq!(said["unpacked"], image.layers[0].bytes.len());
    let plain = sandbox.path("plain");
    assert_eq!(said["reference"], format!("oci:{}", plain.display()));
    // One that is only called so is compressed all the same.
    let wrong = Image::new().layer(layer()).labelled(oci::LAYER).build();
    Layout::new()
        .image("1", &wrong)
        .write(sandbox.path("wrong"));
    assert_eq!(json_of(&sandbox, "oci:wrong").get("unpacked"), None);
    let run = inspect(&sandbox, &["oci:wrong"]).succeeds();
    assert!(run.stdout.contains(" B  tar\n"), "{}", run.stdout);
}

#[test]
fn platforms_are_those_that_can_be_pulled_and_one_is_marked() {
    let (sandbox, registry) = (Sandbox::new("inspect"), Registry::start());
    let [near, far] = [hello(), marked("far", "linux", "s390x", None)];
    let inner = Index::new().image(&near).attestation(&near).build();
    let other = json!({"mediaType": "text/plain", "digest": near.config.digest, "size": 1});
    let index = Index::new().attestation(&far).image(&far).nested(&inner);
    let index = index.entry(other).build();
    let name = registry.push_index("a/b", "1", &index);
    let said = json_of(&sandbox, &name);
    let near_platform = platform();
    let platforms = json!([
        {"platform": "linux/s390x", "digest": far.manifest.digest},
        {"platform": near_platform, "digest": near.manifest.digest},
    ]);
    assert_eq!(said["platforms"], platforms);
    assert_eq!(said["attestations"].as_array().map(Vec::len), Some(1));
    assert_eq!(said["digest"], index.index.digest);
    assert_eq!(said["manifest"], near.manifest.digest);
    let nested = format!("/manifests/{}", inner.index.digest);
    assert_eq!(registry.requests_for(&nested).len(), 1);
    let marked = |option: &str, near_mark: &str, far_mark: &str| {
        let run = inspect(&sandbox, &[&name, option]).succeeds();
        let width = near_platform.len().max("linux/s390x".len());
        let line = |platform: &str, digest: &str, mark: &str| {
            let line = format!("{platform:width$}  {digest}  {mark}");
            line.trim_end().to_owned()
        };
        let lines = format!(
            "platforms:    {}\n              {}\n              and 2 attestations\n",
            line("linux/s390x", &far.manifest.digest, far_mark),
            line(&near_platform, &near.manifest.digest, near_mark)
        );
        assert!(run.stdout.contains(&lines), "{}", run.stdout);
    };
    marked("--verbose", "<- this one", "");
    marked("--platform=linux/s390x", "", "<- this one");
}

#[test]
fn an_index_without_this_platform_is_shown_all_the_same() {
    let (sandbox, registry) = (Sandbox::new("inspect"), Registry::start());
    let image = marked("far", "linux", "mips64le", None);
    let index = Index::new().image(&image).attestation(&image).build();
    let name = registry.push_index("a/b", "1", &index);
    let run = inspect(&sandbox, &[&name]).succeeds();
    let page = format!(
        "reference:    {name}\n\
         digest:       {}\n\
         platforms:    linux/mips64le  {}\n\
         \x20             and 1 attestation\n\
         attestations: 1  provenance  manifest  unsigned\n",
        index.index.digest, image.manifest.digest
    );
    assert_eq!(run.stdout, page);
    let warning = format!("roots: warning: {name}: no image for linux/");
    assert!(run.stderr.starts_with(&warning), "{}", run.stderr);
    let run = run.says("; available: linux/mips64le\n");
    assert_eq!(run.stderr.lines().count(), 1);
    let run = inspect(&sandbox, &[&name, "--json"]).succeeds();
    let said: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(said.get("manifest"), None);
    assert_eq!(said["platforms"][0]["platform"], "linux/mips64le");
    // Who asks for one wants that one.
    let run = inspect(&sandbox, &[&name, "--arch=s390x"]).fails(3);
    run.says(": no image for linux/s390x; available: linux/mips64le\n");
    // There is nothing to show of one that has no image at all.
    let empty = Index::new().build();
    let name = registry.push_index("a/b", "2", &empty);
    inspect(&sandbox, &[&name]).fails(3);
}

#[test]
fn an_index_within_that_is_not_there_is_not_listed() {
    let (sandbox, registry) = (Sandbox::new("inspect"), Registry::start());
    let lost = Index::new().image(&marked("far", "linux", "s390x", None));
    let index = Index::new()
        .image(&hello())
        .entry(lost.build().index.descriptor());
    let name = registry.push_index("a/b", "1", &index.build());
    let said = json_of(&sandbox, &name);
    assert_eq!(said["platforms"].as_array().unwrap().len(), 1);
    assert_eq!(said["manifest"], hello().manifest.digest);
}

#[test]
fn a_tree_prints_its_record_whatever_is_asked_for() {
    let (sandbox, registry) = (Sandbox::new("inspect"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    let plain = inspect(&sandbox, &["dest"]).succeeds();
    let json = inspect(&sandbox, &["dest", "--json"]).succeeds();
    assert_eq!(plain.stdout, json.stdout);
    assert!(plain.stdout.contains("\"wanted\""));
}

#[test]
fn an_error_is_an_object_as_well() {
    let (sandbox, registry) = (Sandbox::new("inspect"), Registry::start());
    let run = inspect(&sandbox, &["--json", &registry.image("a/b:1")]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(3), ""));
    let said: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(said["event"], "error");
    assert_eq!(said["exit_code"], 3);
}
