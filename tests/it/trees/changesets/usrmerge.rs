//! Entries below symlinks to directories: they go where the image meant, and the links stay.

use super::{dir, file, holds};
use crate::support::Layer;

/// `lib` in all ways to say `usr/lib`, with links it needs.
fn merged() -> Vec<(&'static str, Layer, String)> {
    let links = |links: &[(&str, &str)]| {
        let layer = links.iter().fold(Layer::new(), |layer, (name, target)| {
            layer.symlink(name, target)
        });
        let mut links = links.to_vec();
        links.sort_unstable();
        let sketch = links
            .iter()
            .map(|(name, target)| format!("l {name} -> {target}\n"));
        (layer, sketch.collect::<String>())
    };
    let ways: [(&str, &[(&str, &str)]); 10] = [
        ("relative", &[("lib", "usr/lib")]),
        ("absolute", &[("lib", "/usr/lib")]),
        ("slashes", &[("lib", "//usr///lib//")]),
        ("dots", &[("lib", "./usr/./lib/.")]),
        ("up and down", &[("lib", "usr/../usr/lib")]),
        ("above the root", &[("lib", "../../../usr/lib")]),
        ("above the root, absolute", &[("lib", "/../usr/lib")]),
        (
            "a chain",
            &[("lib", "lib64"), ("lib64", "lib32"), ("lib32", "/usr/lib")],
        ),
        ("in mid-path", &[("lib", "u/lib"), ("u", "usr")]),
        (
            "twice in mid-path",
            &[("lib", "u/../u/lib"), ("u", "/usr/.")],
        ),
    ];
    ways.into_iter()
        .map(|(name, way)| {
            let (layer, sketch) = links(way);
            (name, layer, sketch)
        })
        .collect()
}

#[test]
fn entries_below_a_link_go_where_it_leads() {
    for (name, links, sketch) in merged() {
        let lower = links
            .dir("usr", 0o755)
            .dir("usr/lib", 0o711)
            .file("usr/lib/old", 0o644, "");
        let entries = |layer: Layer| {
            layer
                .file("lib/f", 0o644, "hello")
                .dir("lib/d", 0o700)
                .file("lib/d/f", 0o600, "")
                .symlink("lib/s", "f")
                .hardlink("lib/h", "lib/f")
                .hardlink("usr/lib/h2", "/lib/f")
                .fifo("lib/p", 0o644)
                .file("lib/old", 0o600, "new")
                .file("lib/implied/f", 0o644, "")
        };
        let usr = "d 0755 usr/\nd 0711 usr/lib/\nd 0700 usr/lib/d/\nf 0600 0 usr/lib/d/f\n\
                   f 0644 5 usr/lib/f\nh usr/lib/h -> usr/lib/f\nh usr/lib/h2 -> usr/lib/f\n\
                   d 0755 usr/lib/implied/\nf 0644 0 usr/lib/implied/f\nf 0600 3 usr/lib/old\n\
                   p 0644 usr/lib/p\nl usr/lib/s -> f\n";
        let sketch = format!("{sketch}{usr}");
        holds(name, [entries(lower.clone())], &sketch);
        holds(name, [lower.clone(), entries(Layer::new())], &sketch);
        // A link listed again is still a link.
        let again = Layer::new().raw([lower.unended(), entries(Layer::new()).unended()].concat());
        holds(name, [lower, again], &sketch);
    }
}

/// moby and buildah failed on `var/run -> /run` without a `/run`.
#[test]
fn where_a_link_leads_nowhere_the_directories_are_made() {
    for (name, links, sketch) in merged().into_iter().take(9) {
        let upper = file("lib/f");
        let usr = "d 0755 usr/\nd 0755 usr/lib/\nf 0644 0 usr/lib/f\n";
        holds(name, [links, upper], &format!("{sketch}{usr}"));
    }
    let lower = Layer::new().dir("var", 0o755).symlink("var/run", "/run");
    let upper = Layer::new().dir("var/run/lock", 0o1777);
    let sketch = "d 0755 run/\nd 1777 run/lock/\nd 0755 var/\nl var/run -> /run\n";
    holds("var/run", [lower, upper], sketch);
}

#[test]
fn a_directory_listed_over_a_link_is_a_directory() {
    let lower = || {
        dir("usr/lib")
            .file("usr/lib/old", 0o644, "")
            .symlink("lib", "usr/lib")
    };
    let upper = Layer::new().dir("lib", 0o700).file("lib/new", 0o644, "");
    let sketch =
        "d 0700 lib/\nf 0644 0 lib/new\nd 0755 usr/\nd 0755 usr/lib/\nf 0644 0 usr/lib/old\n";
    holds("listed", [lower(), upper], sketch);
}

#[test]
fn a_directory_that_becomes_a_link_takes_its_contents_away() {
    let lower = || {
        dir("bin")
            .file("bin/old", 0o644, "")
            .dir("usr", 0o755)
            .dir("usr/bin", 0o755)
    };
    let upper = Layer::new()
        .symlink("bin", "usr/bin")
        .file("bin/new", 0o755, "");
    let sketch = "l bin -> usr/bin\nd 0755 usr/\nd 0755 usr/bin/\nf 0755 0 usr/bin/new\n";
    holds("merged now", [lower(), upper], sketch);
    let moved = Layer::new()
        .hardlink("usr/bin/old", "bin/old")
        .symlink("bin", "usr/bin");
    let sketch = "l bin -> usr/bin\nd 0755 usr/\nd 0755 usr/bin/\nf 0644 0 usr/bin/old\n";
    holds("moved", [lower(), moved], sketch);
}

/// The next entry has the same parents by name, and they lead elsewhere now.
#[test]
fn a_link_that_changes_leads_elsewhere_at_once() {
    let layer = Layer::new()
        .symlink("l", "a")
        .file("l/one", 0o644, "")
        .symlink("l", "b")
        .file("l/two", 0o644, "")
        .hardlink("h", "l/two")
        .dir("l", 0o700)
        .file("l/three", 0o644, "")
        .symlink("l", "a")
        .file("l/four", 0o644, "")
        .hardlink("i", "l/one");
    let sketch = "d 0755 a/\nf 0644 0 a/four\nf 0644 0 a/one\nd 0755 b/\nf 0644 0 b/two\n\
                  h h -> b/two\nh i -> a/one\nl l -> a\n";
    holds("changes", [layer], sketch);
    let through_itself = dir("a")
        .symlink("a/l", ".")
        .file("a/l/l", 0o644, "")
        .file("a/l/x", 0o644, "");
    super::refuses(
        "through itself",
        [through_itself],
        "one of its parents is not a directory",
    );
}
