//! What is deleted is deleted inside: whiteouts, replacements, an old tree, and a tree that was given up.

use super::Yard;
use crate::support::{Layer, Trial};

/// A tree full of links that lead out, at several depths.
fn links_out(yard: &Yard) -> Layer {
    let mut layer = Layer::new().dir("d", 0o755);
    for (number, target) in yard.ways_to_the_folder().into_iter().enumerate() {
        layer = layer
            .symlink(format!("d/dir-{number}"), &target)
            .symlink(format!("d/file-{number}"), target.clone() + "/secret")
            .symlink(format!("d/deep/er/{number}"), &target)
            .hardlink(format!("d/twin-{number}"), format!("d/dir-{number}"));
    }
    layer.symlink("d/dangling", "nowhere")
}

#[test]
fn deleting_links_deletes_links() {
    let yard = Yard::new("deleting_links");
    let full = || links_out(&yard);
    let kept = "f 0644 0 kept\n";
    let new = || Layer::new().file("kept", 0o644, "");
    for (name, upper, sketch) in [
        ("whiteout", new().whiteout("d"), ""),
        ("opaque root", new().opaque(""), ""),
        ("opaque", new().opaque("d"), "d 0755 d/\n"),
        ("a file", new().file("d", 0o644, ""), "f 0644 0 d\n"),
        ("a link", new().symlink("d", "x"), "l d -> x\n"),
        ("a fifo", new().fifo("d", 0o644), "p 0644 d\n"),
        (
            "a hard link",
            Layer::new()
                .file("kept", 0o644, "")
                .symlink("a", "x")
                .hardlink("d", "a"),
            "l a -> x\nh d -> a\n",
        ),
    ] {
        let (before, after) = if name == "a hard link" {
            (sketch, "")
        } else {
            ("", "")
        };
        let expected = match name {
            "a hard link" => format!("{before}{kept}{after}"),
            _ => format!("{sketch}{kept}"),
        };
        yard.holds(name, [full(), upper.clone()], &expected);
        // The same once more, with something in between that made it all again.
        yard.holds(name, [full(), upper.clone(), full(), upper], &expected);
    }
}

#[test]
fn each_link_can_be_whited_out() {
    let yard = Yard::new("each_link_whited_out");
    let count = yard.ways_to_the_folder().len();
    let mut upper = Layer::new().whiteout("d/dangling");
    for number in 0..count {
        for name in ["dir-", "file-", "twin-", "deep/er/"] {
            upper = upper.whiteout(format!("d/{name}{number}"));
        }
    }
    let sketch = "d 0755 d/\nd 0755 d/deep/\nd 0755 d/deep/er/\n";
    yard.holds("each", [links_out(&yard), upper], sketch);
}

#[test]
fn whiteouts_of_the_directory_itself_or_its_parent_are_refused() {
    let yard = Yard::new("whiteouts_of_dots");
    let lower = || Layer::new().file("a/b", 0o644, "");
    for name in [
        ".wh.",
        ".wh..",
        ".wh...",
        "a/.wh.",
        "a/.wh..",
        "a/.wh...",
        "/.wh...",
        "./.wh...",
        "a/b/../.wh.c",
        "missing/.wh...",
        ".wh.a/b",
        ".wh.a/.wh.b",
        ".wh.../x",
    ] {
        let why = if name.contains("/../") {
            "its name climbs with `..`"
        } else {
            "invalid whiteout name"
        };
        for kind in [b'0', 0, b'5', b'2', b'1', b'6'] {
            let upper = || Layer::new().entry(kind, name).target("a/b");
            yard.refuses(name, [lower(), upper()], why);
            yard.refuses(name, [upper()], why);
        }
    }
}

#[test]
fn a_tree_that_is_given_up_is_deleted_inside() {
    let yard = Yard::new("given_up");
    let bad = links_out(&yard).hardlink("x", "nothing");
    yard.refuses("given up", [bad], "hard link target not found");
    let cut = links_out(&yard).unended();
    let outcome = yard.attempt(Trial::new("cut").tar(&cut[..cut.len() - 512 - 100]));
    outcome.refused("unexpected end of archive");
}

#[test]
fn an_old_tree_that_is_replaced_is_deleted_inside() {
    let yard = Yard::new("old_tree_replaced");
    let old = yard.attempt(Trial::new("old").layer(links_out(&yard)));
    old.succeeds();
    let new = Trial::new("new").layer(Layer::new().file("new", 0o644, ""));
    let new = new
        .arg("--force")
        .pull_into(&yard.sandbox, &yard.canary.dest());
    yard.canary.assert_untouched();
    new.is("f 0644 0 new\n");
}
