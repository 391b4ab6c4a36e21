//! No line on standard error is longer than 4 KiB, however long what it is about is.

use crate::support::{ALWAYS, Fault, Image, Layer, Layout, Registry, Sandbox, hello};

/// The longest line, in bytes, its end included.
const MAX_LINE: usize = 4096;

fn assert_short(stderr: &str) {
    for line in stderr.split_inclusive('\n') {
        assert!(line.len() <= MAX_LINE, "{} bytes: {line}", line.len());
    }
}

#[test]
fn what_was_typed_is_cut_in_the_middle() {
    let sandbox = Sandbox::new("what_was_typed_is_cut");
    // Plain, of several bytes, what is escaped, words, lines.
    for letter in ["x", "ä", "\u{202e}", "\u{e0041}", "\u{1}", "x ", "x\n"] {
        let long = letter.repeat(100_000 / letter.len());
        for arguments in [
            vec![long.clone()],
            vec!["pull".into(), format!("--{long}"), "a".into(), "b".into()],
            vec!["pull".into(), format!("a/{long}"), "b".into()],
            vec!["pull".into(), format!("https://{long}"), "b".into()],
            vec!["pull".into(), format!("./{long}"), "b".into()],
            vec!["pull".into(), "./a".into(), "b".into(), long.clone()],
            vec!["digest".into(), format!("--platform={long}"), "a".into()],
            vec!["digest".into(), format!("--auth={long}"), "a".into()],
            vec!["inspect".into(), long.clone()],
            vec!["help".into(), long],
        ] {
            for format in [None, Some("--json")] {
                let run = sandbox.roots(&arguments).args(format).run();
                assert_ne!(run.code, Some(0));
                assert_short(&run.stderr);
                assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
            }
        }
    }
    let run = sandbox.roots(["pull", &format!("--{}end", "x".repeat(9999)), "a"]);
    let run = run.run().fails(2);
    assert!(run.stderr.starts_with("roots: pull: no such option: --xxx"));
    assert!(run.stderr.ends_with("xend\nhint: see `roots help pull`\n"));
    assert!(run.stderr.len() < 1200);
}

#[test]
fn what_an_image_says_is_cut_in_the_middle() {
    let sandbox = Sandbox::new("what_an_image_says_is_cut");
    // An entry below a file; the name of the entry is in the message.
    for name in [
        ["d"; 2000].join("/"),
        ["\u{200b}"; 600].join("/"),
        [" "; 2000].join("/"),
    ] {
        let layer = Layer::new()
            .symlink("a", "a")
            .file(format!("a/{name}"), 0o644, "");
        let image = Image::new().layer(layer).build();
        Layout::new()
            .image("", &image)
            .write(sandbox.path("layout"));
        let pull = ["pull", "oci:layout", "dest"];
        for format in [None, Some("--json")] {
            let run = sandbox.roots(pull).args(format).run();
            assert_short(&run.stderr);
            assert_ne!(run.code, Some(0), "{}", run.stderr);
        }
    }
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &hello());
    for body in ["x".repeat(9000), "ä ".repeat(9000)] {
        registry.recover();
        let error = format!("{{\"errors\":[{{\"code\":\"DENIED\",\"message\":\"{body}\"}}]}}");
        registry.fault("/manifests/", ALWAYS, Fault::status_with(403, &[], error));
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
        assert_short(&run.stderr);
    }
}
