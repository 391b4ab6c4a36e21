//! The command line: what each command prints, where it prints it, and what it says to what it cannot understand.

use crate::support::image::oci;
use crate::support::{HELLO, Index, Registry, Sandbox, hello, marked, tree};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

const VERSION: &str = concat!("roots ", env!("CARGO_PKG_VERSION"), "\n");

#[test]
fn the_version_is_one_line() {
    let sandbox = Sandbox::new("version");
    for arguments in [&["version"][..], &["--version"], &["-V"]] {
        let run = sandbox.roots(arguments).run().succeeds().prints(VERSION);
        assert_eq!(run.stderr, "");
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn the_version_as_json_says_what_is_built_in() {
    let sandbox = Sandbox::new("version_json");
    for arguments in [
        &["version", "--json"][..],
        &["--version", "--json"],
        &["-V", "--json"],
    ] {
        let run = sandbox.roots(arguments).run().succeeds();
        assert_eq!(run.stdout.lines().count(), 1);
        let version: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
        let target = version["target"].as_str().unwrap();
        assert!(target.starts_with(std::env::consts::ARCH), "{target}");
        assert!(target.contains("-linux-"), "{target}");
        let lock = include_str!("../../../Cargo.lock");
        let authorities = &version["authorities"];
        assert_eq!(authorities["source"], "webpki-roots");
        let locked = format!(
            "name = \"webpki-roots\"\nversion = {}\n",
            authorities["version"]
        );
        assert!(
            lock.contains(&locked),
            "{locked}: change it in src/report/version.rs"
        );
        let date = version["trusted_roots"]["date"].as_str().unwrap();
        assert!(date >= "2026-06-12", "{date}");
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn the_flags_and_variables_of_the_go_tool_keep_working() {
    let sandbox = Sandbox::new("flags_of_the_go_tool");
    let registry = Registry::start();
    registry.require_basic("joe", "hunter2");
    let index = Index::new()
        .image(&marked("x", "linux", "s390x", None))
        .image(&hello())
        .build();
    let name = registry.push_index("a", "1", &index);
    let typed = [
        "pull",
        &name,
        "dest",
        "--auth",
        "joe:hunter2",
        "--arch",
        "s390x",
        "--os",
        "linux",
        "--cache",
        "no",
        "--force",
    ];
    sandbox.roots(typed).run().succeeds();
    assert_eq!(
        (sandbox.names("dest"), sandbox.names("")),
        (vec!["x".into()], vec!["dest".into()])
    );
    let by_variables = sandbox.roots(["pull", &name, "other"]);
    let by_variables = by_variables
        .env("ROOTS_AUTH", "joe:hunter2")
        .env("ROOTS_ARCH", "s390x")
        .env("ROOTS_OS", "linux");
    by_variables.env("ROOTS_CACHE", "kept").run().succeeds();
    assert_eq!(
        (sandbox.names("other"), sandbox.names("")),
        (
            vec!["x".into()],
            ["dest", "kept", "other"].map(String::from).to_vec()
        )
    );
}

#[test]
fn quiet_is_quiet_but_not_about_failures() {
    let sandbox = Sandbox::new("quiet");
    let registry = Registry::start();
    let name = registry.push("a", "1", &hello());
    for option in ["--quiet", "-q"] {
        let run = sandbox
            .roots(["pull", option, "-f", &name, "in/dest"])
            .run()
            .succeeds();
        assert_eq!(run.stderr, "");
        run.prints(&format!("{}\n", hello().manifest.digest));
    }
    registry.put_manifest("a", "bad", oci::MANIFEST, Value::Null.to_string());
    sandbox
        .roots(["pull", "-q", &registry.image("a:bad"), "dest"])
        .run()
        .fails(5);
}

#[test]
fn whoever_closes_the_pipe_has_read_enough() {
    let sandbox = Sandbox::new("closed_pipe");
    let registry = Registry::start();
    let name = registry.push("a", "1", &hello());
    let into_nothing = "{ sleep 0.1; \"$0\" \"$@\"; echo code $? >&2; } | true; exit 0";
    for arguments in [
        &["help"][..],
        &["pull", "--help"],
        &["digest", &name],
        &["pull", &name, "dest"],
    ] {
        let run = sandbox
            .roots(arguments)
            .prelude(into_nothing)
            .run()
            .succeeds();
        assert!(run.stderr.ends_with("code 0\n"), "{}", run.stderr);
    }
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    for closed in ["exec >&-", "exec 2>&-", "exec >&- 2>&- <&-"] {
        sandbox
            .roots(["pull", "--force", &name, "in/dest"])
            .prelude(closed)
            .run()
            .succeeds();
        assert_eq!(tree::sketch(sandbox.path("in/dest")), HELLO, "{closed}");
    }
    let run = sandbox
        .roots(["version"])
        .prelude("exec >/dev/full")
        .run()
        .fails(6);
    assert_eq!(
        run.stderr,
        "roots: standard output: cannot write: no space left on device\n"
    );
    let run = sandbox.roots(["version", "--json"]);
    let run = run.prelude("exec >/dev/full").run();
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (
            Some(6),
            "{\"event\":\"error\",\"message\":\"standard output: cannot write: no space left on device\",\
             \"hint\":null,\"exit_code\":6}\n"
        )
    );
}

#[test]
fn operands_are_bytes() {
    let sandbox = Sandbox::new("operands_are_bytes");
    let registry = Registry::start();
    let name = registry.push("a", "1", &hello());
    let odd = OsStr::from_bytes(b"d\xffst\n\x1b[m");
    sandbox.roots(["pull", &name]).arg(odd).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path(odd)), HELLO);
    let run = sandbox.roots(["pull", &name]).arg(odd).run().fails(6);
    assert_eq!(
        run.stderr,
        "roots: d\u{fffd}st\\n\\u{1b}[m: it is not empty\nhint: add --force to replace it, or --update to do so if the image has changed\n"
    );
    sandbox
        .roots([OsStr::new("digest"), OsStr::from_bytes(b"a\xff")])
        .run()
        .fails(2);
    sandbox.roots([OsStr::from_bytes(b"\xff")]).run().fails(2);
    sandbox
        .roots([OsStr::new("pull"), OsStr::from_bytes(b"--\xff")])
        .run()
        .fails(2);
    let run = sandbox
        .roots(["pull", &name, "x", "--arch"])
        .arg(odd)
        .run()
        .fails(2);
    assert_eq!(
        run.stderr,
        "roots: --arch: its value is not text\nhint: see `roots help pull`\n"
    );
}
