//! Hard links: second names of what is in the tree.

use super::{file, holds, refuses};
use crate::support::Layer;
use crate::support::sandbox::is_root;

fn lower() -> Layer {
    Layer::new()
        .dir("d", 0o755)
        .file("d/a", 0o640, "hello")
        .symlink("d/s", "a")
        .symlink("d/n", "nowhere")
        .fifo("d/p", 0o600)
        .symlink("e", "d")
}

const LOWER: &str = "d 0755 d/\nf 0640 5 d/a\nl d/n -> nowhere\np 0600 d/p\nl d/s -> a\nl e -> d\n";

#[test]
fn a_target_is_a_path_from_the_root_however_it_is_spelt() {
    for target in [
        "d/a", "/d/a", "./d/a", "d//a", "//d/./a", "d/a/", "e/a", "/e/./a",
    ] {
        for name in ["h", "x/y/h"] {
            let link = |layer: Layer| layer.hardlink(name, target);
            let made = if name == "h" {
                ""
            } else {
                "d 0755 x/\nd 0755 x/y/\n"
            };
            let sketch = format!("{LOWER}{made}h {name} -> d/a\n");
            holds(target, [link(lower())], &sketch);
            holds(target, [lower(), link(Layer::new())], &sketch);
        }
    }
    // Not from where the link stands.
    let why = "hard link target not found";
    refuses("relative", [lower().hardlink("d/h", "a")], why);
    refuses("relative", [lower().hardlink("d/h", "./a")], why);
}

#[test]
fn everything_but_a_directory_has_second_names() {
    for (target, kept) in [
        ("d/a", "d/a"),
        ("d/s", "d/s"),
        ("d/n", "d/n"),
        ("d/p", "d/p"),
        ("e", "e"),
    ] {
        let link = |layer: Layer| {
            layer
                .hardlink("x", target)
                .hardlink("y", "x")
                .hardlink("z", "y")
        };
        let sketch = format!("{LOWER}h x -> {kept}\nh y -> {kept}\nh z -> {kept}\n");
        holds(target, [link(lower())], &sketch);
        holds(target, [lower(), link(Layer::new())], &sketch);
        let layers = [
            lower(),
            Layer::new().hardlink("x", target),
            Layer::new().hardlink("y", "x"),
            Layer::new().hardlink("z", "y"),
        ];
        holds(target, layers, &sketch);
    }
    if is_root() {
        let layer = Layer::new()
            .char_device("c", 0o600, 1, 3)
            .hardlink("h", "c");
        holds("device", [layer], "c 0600 1,3 c\nh h -> c\n");
    }
    let shut = || {
        Layer::new()
            .file("d/f", 0, "secret")
            .dir("d", 0o555)
            .hardlink("d/h", "d/f")
    };
    let mode = if is_root() { "0555" } else { "0755" };
    holds(
        "shut",
        [shut(), Layer::new().hardlink("h", "d/f")],
        &format!("d {mode} d/\nf 0000 6 d/f\nh d/h -> d/f\nh h -> d/f\n"),
    );
}

#[test]
fn what_cannot_be_linked_to_is_refused() {
    let missing = "hard link target not found";
    let directory = "a hard link to a directory";
    for (target, why) in [
        ("x", missing),
        ("d/x", missing),
        ("x/y/z", missing),
        ("d/a/x", missing),
        ("d/n/x", missing),
        ("later", missing),
        ("d", directory),
        ("d/", directory),
        ("e/.", "e -> d"),
        ("", "link without a target"),
        ("/", "link without a target"),
        (".", "link without a target"),
    ] {
        let link = |layer: Layer| layer.hardlink("h", target).file("later", 0o644, "");
        if why == "e -> d" {
            // Dots and slashes at the end do not make a name another one.
            let sketch = format!("{LOWER}h h -> e\nf 0644 0 later\n");
            holds(target, [link(lower())], &sketch);
            continue;
        }
        refuses(target, [link(lower())], why);
        refuses(target, [lower(), link(Layer::new())], why);
    }
    refuses("itself", [Layer::new().hardlink("h", "h")], missing);
    refuses(
        "hidden",
        [lower(), Layer::new().whiteout("d/a").hardlink("h", "d/a")],
        missing,
    );
    refuses("below itself", [lower().hardlink("d", "d/a")], missing);
}

#[test]
fn a_link_over_itself_or_its_twin_changes_nothing() {
    let link = |layer: Layer, name: &str, target: &str| layer.hardlink(name, target).mode(0o777);
    let sketch = format!("{LOWER}h h -> d/a\n");
    for (name, target) in [
        ("d/a", "d/a"),
        ("d/a", "h"),
        ("h", "d/a"),
        ("h", "h"),
        ("e/a", "d/a"),
        ("d/a", "e/a"),
    ] {
        let lower = || lower().hardlink("h", "d/a");
        holds(name, [link(lower(), name, target)], &sketch);
        holds(name, [lower(), link(Layer::new(), name, target)], &sketch);
    }
    let kept = |layer: Layer| layer.hardlink("d/a", "d/a").whiteout("d/a");
    holds("kept", [lower(), kept(Layer::new())], LOWER);
}

#[test]
fn one_of_two_names_can_be_replaced() {
    let two = || lower().hardlink("h", "d/a");
    let upper = Layer::new().file("h", 0o600, "other");
    holds("h", [two(), upper], &format!("{LOWER}f 0600 5 h\n"));
    let upper = Layer::new()
        .file("d/a", 0o600, "other")
        .hardlink("i", "h")
        .hardlink("j", "d/a");
    let sketch = "d 0755 d/\nf 0600 5 d/a\nl d/n -> nowhere\np 0600 d/p\nl d/s -> a\nl e -> d\n\
                  f 0640 5 h\nh i -> h\nh j -> d/a\n";
    let outcome = holds("d/a", [two(), upper], sketch);
    assert_eq!(outcome.read("i"), b"hello");
    assert_eq!(outcome.read("j"), b"other");
    let upper = Layer::new().dir("h", 0o700).hardlink("h/h", "d/a");
    holds(
        "directory",
        [two(), upper],
        &format!("{LOWER}d 0700 h/\nh h/h -> d/a\n"),
    );
    let upper = Layer::new().hardlink("h", "d/p").hardlink("d/a", "h");
    let sketch =
        "d 0755 d/\np 0600 d/a\nl d/n -> nowhere\nh d/p -> d/a\nl d/s -> a\nl e -> d\nh h -> d/a\n";
    holds("others", [two(), upper], sketch);
}

#[test]
fn thousands_of_names_are_one_file() {
    let layer = (0..3000).fold(file("f"), |layer, number| {
        layer.hardlink(format!("d/{number}"), "f")
    });
    let outcome = super::Trial::new("many").layer(layer).pull();
    let found = outcome.tree();
    assert_eq!(found.len(), 3003);
    let twins = found.values().filter(|node| node.twin.is_some());
    assert_eq!(twins.count(), 3001);
}
