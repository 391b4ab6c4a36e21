//! From an index to the one image for a platform: the host's, or the one that was asked for.

use crate::support::image::host_platform;
use crate::support::{Index, Registry, Sandbox, hello, marked};

/// A registry with one index of images, each with a file that is called like its platform.
pub(crate) fn published(platforms: &[&str]) -> (Registry, String) {
    let mut index = Index::new();
    for platform in platforms {
        let mut parts = platform.split('/');
        let (os, architecture) = (parts.next().unwrap(), parts.next().unwrap());
        index = index.image(&marked(
            &platform.replace('/', "-"),
            os,
            architecture,
            parts.next(),
        ));
    }
    let registry = Registry::start();
    let name = registry.push_index("a/b", "1", &index.build());
    (registry, name)
}

fn host() -> String {
    let (os, architecture, variant) = host_platform();
    let variant = variant.map(|variant| format!("/{variant}"));
    format!("{os}/{architecture}{}", variant.unwrap_or_default())
}

#[test]
fn the_hosts_platform_is_the_default() {
    let sandbox = Sandbox::new("the_hosts_platform");
    let host = host();
    let (registry, name) = published(&["linux/mips", "windows/amd64", &host, &host, "linux/s390x"]);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(sandbox.names("dest"), [host.replace('/', "-")]);
    assert_eq!(
        registry.requests_for("/manifests/").len(),
        2,
        "no other manifest is read"
    );
}

#[test]
fn a_platform_may_be_spelt_as_uname_does_and_variants_fall_back() {
    let arms = [
        "linux/arm/v5",
        "linux/arm/v6",
        "linux/arm/v7",
        "linux/arm64/v8",
        "linux/amd64",
        "linux/amd64/v3",
    ];
    let few = [
        "linux/arm/v5",
        "linux/arm/v6",
        "linux/amd64/v2",
        "linux/386",
        "windows/amd64",
    ];
    for (platforms, asked, chosen) in [
        (&arms[..], "linux/arm/v7", "linux-arm-v7"),
        (&arms, "linux/arm", "linux-arm-v7"),
        (&arms, "linux/armv7l", "linux-arm-v7"),
        (&arms, "linux/armhf", "linux-arm-v7"),
        (&arms, "linux/arm/6", "linux-arm-v6"),
        (&arms, "linux/armel", "linux-arm-v6"),
        (&arms, "linux/arm/v8", "linux-arm-v7"),
        (&arms, "linux/arm64", "linux-arm64-v8"),
        (&arms, "linux/aarch64", "linux-arm64-v8"),
        (&arms, "linux/arm64/v9", "linux-arm64-v8"),
        (&arms, "linux/x86_64", "linux-amd64"),
        (&arms, "linux/amd64/v1", "linux-amd64"),
        (&arms, "linux/amd64/v2", "linux-amd64"),
        (&arms, "linux/amd64/v4", "linux-amd64-v3"),
        (&arms, "Linux/AMD64", "linux-amd64"),
        (&few, "linux/arm/v7", "linux-arm-v6"),
        (&few, "linux/i686", "linux-386"),
        (&few, "windows/amd64", "windows-amd64"),
        // There is nothing lower, and it may be for another machine.
        (&few, "linux/amd64", "linux-amd64-v2"),
    ] {
        let sandbox = Sandbox::new("a_platform_may_be_spelt");
        let (_registry, name) = published(platforms);
        sandbox
            .roots(["pull", "--platform", asked, &name, "dest"])
            .run()
            .succeeds();
        assert_eq!(sandbox.names("dest"), [chosen], "{asked}");
    }
}

/// It was refused with a list of platforms that held the one asked for.
#[test]
fn a_variant_that_no_processor_has_is_found_where_an_index_lists_it() {
    for (asked, other) in [
        ("linux/arm64/v7", "linux/arm64"),
        ("linux/arm64/v08", "linux/amd64"),
        ("linux/amd64/v999", "linux/amd64/v2"),
    ] {
        let sandbox = Sandbox::new("a_variant_that_no_processor_has");
        let (_registry, name) = published(&[other, asked]);
        sandbox
            .roots(["pull", "--platform", asked, &name, "dest"])
            .run()
            .succeeds();
        assert_eq!(sandbox.names("dest"), [asked.replace('/', "-")]);
    }
}

#[test]
fn options_and_variables_say_which_platform() {
    let (_registry, name) =
        published(&["linux/amd64", "linux/arm64", "linux/s390x", "windows/s390x"]);
    let (platform, arch, os) = ("ROOTS_PLATFORM", "ROOTS_ARCH", "ROOTS_OS");
    type Pairs<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Pairs, Pairs, &str); 10] = [
        (&[("--arch", "s390x")], &[], "linux-s390x"),
        (
            &[("--arch", "s390x"), ("--os", "windows")],
            &[],
            "windows-s390x",
        ),
        (&[], &[(platform, "linux/s390x")], "linux-s390x"),
        (&[], &[(arch, "aarch64")], "linux-arm64"),
        (&[], &[(arch, "s390x"), (os, "windows")], "windows-s390x"),
        (&[("--os", "windows")], &[(arch, "s390x")], "windows-s390x"),
        (&[("--arch", "s390x")], &[(os, "windows")], "windows-s390x"),
        (
            &[("--platform", "linux/arm64")],
            &[(arch, "s390x"), (os, "windows")],
            "linux-arm64",
        ),
        (
            &[("--arch", "arm64")],
            &[(platform, "windows/s390x")],
            "linux-arm64",
        ),
        (
            &[("--arch", "s390x")],
            &[(platform, ""), (arch, ""), (os, "")],
            "linux-s390x",
        ),
    ];
    for (options, variables, chosen) in cases {
        let sandbox = Sandbox::new("options_and_variables");
        let mut command = sandbox.roots(["pull", &name, "dest"]);
        for (option, value) in options {
            command = command.arg(option).arg(value);
        }
        for (variable, value) in variables {
            command = command.env(variable, value);
        }
        command.run().succeeds();
        assert_eq!(sandbox.names("dest"), [chosen], "{options:?} {variables:?}");
    }
}

#[test]
fn what_is_no_platform_is_refused_before_any_request() {
    let sandbox = Sandbox::new("what_is_no_platform");
    let (registry, name) = published(&["linux/amd64"]);
    let hint = "hint: a platform is written like linux/amd64 or linux/arm/v7\n";
    for asked in [
        "amd64",
        "linux/",
        "/amd64",
        "linux/a/b/c",
        "linux/../x",
        "linux/a b",
    ] {
        let run = sandbox
            .roots(["pull", "--platform", asked, &name, "dest"])
            .run()
            .fails(2);
        assert_eq!(
            run.stderr,
            format!("roots: {asked}: not a platform\n{hint}")
        );
    }
    // Nothing is not a name for what is wrong.
    let run = sandbox.roots(["pull", "--platform=", &name, "dest"]).run();
    assert_eq!(
        run.fails(2).stderr,
        format!("roots: --platform: its value is missing\n{hint}")
    );
    let run = sandbox
        .roots(["pull", "--arch=a/b/c", &name, "dest"])
        .run()
        .fails(2);
    assert_eq!(
        run.stderr,
        format!("roots: linux/a/b/c: not a platform\n{hint}")
    );
    let run = sandbox
        .roots(["pull", &name, "dest"])
        .env("ROOTS_PLATFORM", "x")
        .run()
        .fails(2);
    assert_eq!(run.stderr, format!("roots: x: not a platform\n{hint}"));
    let both = [
        "pull",
        "--platform=linux/amd64",
        "--arch=arm64",
        &name,
        "dest",
    ];
    let run = sandbox.roots(both).run().fails(2);
    assert_eq!(
        run.stderr,
        "roots: --platform: cannot be combined with --arch or --os\nhint: see `roots help pull`\n"
    );
    assert_eq!(registry.lines(), [""; 0]);
    sandbox.assert_nothing_left();
}

#[test]
fn digest_chooses_as_pull_does() {
    let sandbox = Sandbox::new("digest_chooses");
    let (_registry, name) = published(&["linux/amd64", "linux/arm64"]);
    let arm = marked("linux-arm64", "linux", "arm64", None)
        .manifest
        .digest;
    for arguments in [["--arch", "arm64"], ["--platform", "linux/aarch64"]] {
        sandbox
            .roots(["digest", &name])
            .args(arguments)
            .run()
            .succeeds()
            .prints(&format!("{arm}\n"));
    }
    sandbox
        .roots(["digest", "--arch=s390x", &name])
        .run()
        .fails(3)
        .says("no image for linux/s390x");
    assert_ne!(hello().manifest.digest, arm);
}
