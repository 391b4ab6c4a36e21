//! When there is no image for the platform that was asked for, or only one image at all.

use crate::images::platforms::published;
use crate::support::{Built, Image, Layer, Registry, Sandbox, marked};

#[test]
fn a_miss_lists_the_platforms_there_are() {
    let sandbox = Sandbox::new("a_miss_lists");
    let (registry, name) = published(&[
        "linux/amd64",
        "linux/arm/v7",
        "linux/arm/v7",
        "unknown/unknown",
        "linux/arm64/v8",
    ]);
    for (asked, shown) in [
        ("linux/s390x", "linux/s390x"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("windows/x86_64", "windows/amd64"),
        ("unknown/unknown", "unknown/unknown"),
    ] {
        registry.forget_requests();
        let run = sandbox
            .roots(["pull", "--platform", asked, &name, "dest"])
            .run()
            .fails(3);
        let refusal = format!(
            "roots: {name}: no image for {shown}; available: linux/amd64, linux/arm/v7, linux/arm64\n\
             hint: choose one of them: --platform linux/amd64\n"
        );
        assert_eq!(run.stderr, refusal);
        assert_eq!(registry.lines(), ["GET /v2/a/b/manifests/1"]);
        sandbox.assert_nothing_left();
    }
    let (_registry, name) = published(&["unknown/unknown"]);
    let run = sandbox
        .roots(["pull", "--platform=linux/amd64", &name, "dest"])
        .run()
        .fails(3);
    assert_eq!(
        run.stderr,
        format!("roots: {name}: no image for linux/amd64; available: none\n")
    );
}

/// An image that is for one platform and in no index.
fn single(os: &str, architecture: &str, variant: Option<&str>) -> (Registry, String, Built) {
    let registry = Registry::start();
    let image = marked("single", os, architecture, variant);
    let name = registry.push("a/b", "1", &image);
    (registry, name, image)
}

#[test]
fn a_single_image_for_another_platform_is_taken_with_a_warning() {
    let sandbox = Sandbox::new("a_single_image_warns");
    let (_registry, name, image) = single("plan9", "mips", None);
    let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    run.says(&format!(
        "roots: warning: {name} is for plan9/mips, and this machine is linux/"
    ))
    .prints(&format!("{}\n", image.manifest.digest));
    assert_eq!(sandbox.names("dest"), ["single"]);
    let run = sandbox
        .roots(["pull", "--quiet", "--force", &name, "in/dest"])
        .run()
        .succeeds();
    assert_eq!(run.stderr, "");
}

#[test]
fn a_single_image_for_another_platform_than_asked_for_is_an_error() {
    let sandbox = Sandbox::new("a_single_image_errs");
    let (registry, name, image) = single("linux", "arm", Some("v7"));
    for asked in ["linux/amd64", "linux/arm/v6", "windows/arm"] {
        let run = sandbox
            .roots(["pull", "--platform", asked, &name, "dest"])
            .run()
            .fails(3);
        let refusal = format!(
            "roots: {name}: no image for {asked}; available: linux/arm/v7\n\
             hint: choose one of them: --platform linux/arm/v7\n"
        );
        assert_eq!(
            run.stderr,
            refusal.replace("windows/arm;", "windows/arm/v7;")
        );
        sandbox.assert_nothing_left();
    }
    assert_eq!(registry.requests_for(&image.layers[0].digest).len(), 0);
    for asked in ["linux/arm/v7", "linux/arm", "linux/arm/v8"] {
        let run = sandbox
            .roots(["pull", "--force", "--platform", asked, &name, "in/dest"])
            .run();
        assert_eq!(run.succeeds().stderr.matches("warning").count(), 0);
    }
}

#[test]
fn a_config_that_names_no_platform_is_for_any() {
    let sandbox = Sandbox::new("a_config_that_names_no_platform");
    let registry = Registry::start();
    let image = Image::new()
        .layer(Layer::new().file("x", 0o644, ""))
        .config(|config| {
            let config = config.as_object_mut().unwrap();
            config.retain(|key, _| key != "os" && key != "architecture" && key != "variant");
        });
    let name = registry.push("a/b", "1", &image.build());
    for options in [&[][..], &["--platform=linux/mips"]] {
        let run = sandbox
            .roots(["pull", "--force", &name, "in/dest"])
            .args(options)
            .run();
        assert!(!run.succeeds().stderr.contains("warning"));
    }
}
