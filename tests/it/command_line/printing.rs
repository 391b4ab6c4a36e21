//! What is printed holds nothing that a terminal would obey, and no line that somebody else has written.

use crate::support::{Ability, Built, Image, Layer, Layout, Registry, Sandbox, hello, hello_layer};
use rustix::fs::{XattrFlags, setxattr};
use serde_json::{Value, json};

/// C0, DEL, C1, line and paragraph separators, marks for directions, without a width, and tags beyond the first plane.
const EVIL: &str = "\u{1b}]0;x\u{7}\r\u{7f}\u{85}\u{9b}31m\u{ad}\u{61c}\u{200b}\u{200e}\u{2028}\u{2029}\u{202e}\u{2060}\
                    \u{2066}\u{feff}\u{e0041}";

fn second() -> Built {
    let image = Image::new().layer(hello_layer());
    image.layer(Layer::new().file("more", 0o644, "")).build()
}

#[track_caller]
fn is_plain(text: &str) {
    let good = |c: char| c == '\n' || (' '..='~').contains(&c);
    assert!(text.chars().all(good), "{text:?}");
}

/// They were printed as they were, and `--locked` believed the lines in them.
#[test]
fn a_name_in_a_layout_is_no_line_of_a_lock() {
    let sandbox = Sandbox::new("printing");
    let (real, wanted) = (hello().manifest.digest, second().manifest.digest);
    let line = format!("docker.io/library/debian:12@{wanted}");
    for (number, name) in [
        &format!("x@{real}\n{line}\ny"),
        &format!("{line}\ny"),
        &format!("a # {EVIL}"),
        &EVIL.to_owned(),
        &line,
        &"a b".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let layout = Layout::new().image(name, &hello());
        layout.write(sandbox.path(format!("layout-{number}")));
        sandbox.write(format!("image-{number}.tar"), layout.archive());
        let image = format!("oci:layout-{number}");
        let archive = format!("oci-archive:image-{number}.tar");
        for image in [&image, &archive] {
            for arguments in [
                &["save", image, "-o", "x.tar"][..],
                &["digest", "--lock", image],
            ] {
                let run = sandbox.roots(arguments).run().succeeds();
                let own = arguments[0] == "digest" && *name == line;
                let called = match own {
                    true => "docker.io/library/debian:12",
                    false => image,
                };
                assert_eq!(run.stdout, format!("{called}@{real}\n"), "{name:?}");
                is_plain(&run.stderr);
            }
        }
    }
    // Nor are they in what is said of a name that there is not.
    let run = sandbox.roots(["save", "oci:layout-3:none", "-o", "x.tar"]);
    is_plain(&run.run().fails(3).stderr);
}

/// Each line more was one digest more that the name may have.
#[test]
fn a_lock_takes_one_line_for_one_name() {
    let sandbox = Sandbox::new("printing");
    Layout::new()
        .image("app:1", &hello())
        .write(sandbox.path("good"));
    Layout::new()
        .image("app:1", &second())
        .write(sandbox.path("evil"));
    let save = ["save", "oci:good", "oci:evil", "-o", "x.tar"];
    let run = sandbox.roots(save).run().fails(2);
    run.says("app:1: two different images have this name");
    assert!(!sandbox.path("x.tar").exists());
    let lines = format!(
        "app:1@{}\napp:1@{}\n",
        hello().manifest.digest,
        second().manifest.digest
    );
    sandbox.write("lock", lines);
    for image in ["oci:good", "oci:evil"] {
        let run = sandbox
            .roots(["pull", "--locked=lock", image, "dest"])
            .run();
        let run = run.fails(2);
        run.says("lock: line 2 locks an image that an earlier line locks to another digest\n");
    }
    sandbox.write(
        "lock",
        format!("app:1@{0}\napp:1@{0}\n", hello().manifest.digest),
    );
    let pull = ["pull", "--locked=lock", "oci:good", "dest"];
    sandbox.roots(pull).run().succeeds();
}

/// Whoever owns DEST has written it.
#[test]
fn a_record_holds_nothing_that_a_terminal_would_obey() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("printing"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let pull = ["pull", "--cache=no", &name, "dest"];
    sandbox.roots(pull).run().succeeds();
    let run = sandbox.roots(["inspect", "dest"]).run().succeeds();
    let mut record: Value = serde_json::from_str(&run.stdout).unwrap();
    for field in ["reference", "platform", "wanted", "roots"] {
        record[field] = json!(format!("{field}{EVIL}\n"));
    }
    let flags = XattrFlags::empty();
    let text = record.to_string();
    setxattr(
        sandbox.path("dest"),
        "user.roots.image",
        text.as_bytes(),
        flags,
    )
    .unwrap();
    for option in ["--json", "--verbose"] {
        let run = sandbox.roots(["inspect", option, "dest"]).run().succeeds();
        is_plain(&run.stdout);
        is_plain(&run.stderr);
        assert!(serde_json::from_str::<Value>(&run.stdout).is_ok());
    }
}

/// A document is printed byte for byte, but not to a person.
#[test]
fn a_terminal_is_shown_no_raw_document() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("printing");
    let image = Image::new().layer(hello_layer());
    let image = image.config(|config| config["author"] = json!(EVIL.replace('\u{1b}', "")));
    Layout::new()
        .image("", &image.build())
        .write(sandbox.path("layout"));
    let inspect = || sandbox.roots(["inspect", "--raw=config", "oci:layout"]);
    let run = inspect().run().succeeds();
    assert!(run.stdout.contains('\u{202e}') && run.stdout.contains('\u{9b}'));
    let run = inspect().terminal(500).prelude("exec >&2").run().succeeds();
    let seen = run.stderr.replace(['\r', '\n'], "");
    is_plain(&seen);
    assert!(
        seen.contains("\\u202e") && seen.contains("\\udb40\\udc41"),
        "{seen}"
    );
}
