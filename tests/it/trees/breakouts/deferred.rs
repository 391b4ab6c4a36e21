//! What a directory is to get when its children are done, while it becomes something else meanwhile.

use super::{Yard, inside, loud};
use crate::support::{Layer, Trial};

fn dir(layer: Layer, path: &str) -> Layer {
    loud(layer.entry(b'5', format!("{path}/")))
}

/// A directory with a mode, an owner, a time and attributes, which then is a link to the folder outside.
fn stories(target: &str) -> Vec<(&'static str, Vec<Layer>)> {
    let new = Layer::new;
    let link = |layer: Layer, path: &str| loud(layer.symlink(path, target)).target(target);
    let full = || dir(dir(new(), "d"), "d/sub").file("d/sub/secret", 0o644, "mine");
    vec![
        ("replaced in its layer", vec![link(full(), "d")]),
        ("replaced above", vec![full(), link(new(), "d")]),
        (
            "whited out, then replaced",
            vec![full(), link(new().whiteout("d"), "d")],
        ),
        (
            "replaced, then whited out",
            vec![full(), link(new(), "d").whiteout("d")],
        ),
        (
            "used, then replaced",
            vec![full(), link(new().file("d/sub/new", 0o644, ""), "d")],
        ),
        (
            "listed, then replaced",
            vec![full(), link(dir(dir(new(), "d"), "d/sub"), "d")],
        ),
        (
            "emptied, then replaced",
            vec![full(), link(new().opaque("d").whiteout("d/sub"), "d")],
        ),
        (
            "replaced, then used",
            vec![
                full(),
                link(new(), "d")
                    .file("d/sub/secret", 0o600, "mine")
                    .dir("d/new", 0o700),
            ],
        ),
        (
            "a hard link to a link",
            vec![full(), link(new(), "l").hardlink("d", "l")],
        ),
        (
            "below a directory that goes",
            vec![
                dir(new(), "up").dir("up/d", 0o700).dir("up/d/sub", 0o700),
                link(new().whiteout("up"), "up").file("up/d/x", 0o600, ""),
            ],
        ),
        (
            "through another link",
            vec![
                full().symlink("alias", "d"),
                link(new().file("alias/sub/new", 0o600, ""), "d").file("alias/sub/x", 0o600, ""),
            ],
        ),
    ]
}

#[test]
fn a_directory_that_became_a_link_out_hands_nothing_on() {
    let yard = Yard::new("became_a_link_out");
    for target in yard.ways_to_the_folder() {
        for (name, layers) in stories(&target) {
            let outcome = yard.attempt(Trial::new(format!("{name} {target}")).layers(layers));
            let path = if name.starts_with("below") { "up" } else { "d" };
            let link = outcome.node(path);
            assert_eq!(
                link.target.as_deref(),
                Some(target.as_bytes()),
                "{}",
                outcome.name
            );
            if name == "replaced, then used" {
                let place = inside("d", &target);
                assert_eq!(outcome.node(format!("{place}/sub/secret")).size, 4);
            }
        }
    }
}

/// Deeper than directories are held open: the way back opens them again.
#[test]
fn a_deep_way_back_stays_inside() {
    let yard = Yard::new("a_deep_way_back");
    let outside = yard.canary.dir().display().to_string();
    let mut lower = Layer::new();
    let mut path = String::new();
    for _ in 0..200 {
        path += if path.is_empty() { "sub" } else { "/sub" };
        lower = dir(lower, &path);
    }
    let deep = lower.clone().file(format!("{path}/x"), 0o600, "");
    for name in ["sub", "sub/sub", &"sub/".repeat(100)[..399]] {
        let upper = Layer::new()
            .file(format!("{path}/y"), 0o600, "")
            .symlink(name, &outside)
            .file(format!("{path}/z"), 0o600, "");
        let outcome = yard.attempt(Trial::new(name).layers([deep.clone(), upper]));
        let link = outcome.node(name);
        assert_eq!(link.target.as_deref(), Some(outside.as_bytes()));
        let rest = &path[name.len()..];
        let landed = format!("{}{rest}/z", &outside[1..]);
        assert_eq!(outcome.node(landed).mode, 0o600);
    }
}
