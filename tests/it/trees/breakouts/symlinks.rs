//! Symlinks that lead out: they stay what they are, and what goes through them stays inside.

use super::{Kind, Yard, file_of, inside, loud};
use crate::support::tree::Kind as Found;
use crate::support::{Layer, Outcome, Trial, tree};
use std::fs;

/// A link by the name that entries go through, made in one of several ways.
struct Way {
    name: &'static str,
    layer: Layer,
    /// What entries have in front of their names.
    through: &'static str,
    /// Where the link itself stands, with all links before it followed.
    stands: &'static str,
}

fn ways(target: &str) -> [Way; 4] {
    let way = |name, layer, through, stands| Way {
        name,
        layer,
        through,
        stands,
    };
    let layer = Layer::new;
    [
        way("direct", layer().symlink("l", target), "l", "l"),
        way("deep", layer().symlink("a/b/l", target), "a/b/l", "a/b/l"),
        way(
            "two hops",
            layer()
                .dir("in", 0o755)
                .symlink("in/up", "..")
                .symlink("in/up/esc", target),
            "in/up/esc",
            "esc",
        ),
        way(
            "chain",
            layer()
                .symlink("l", "m/./n")
                .symlink("m", "/d//")
                .symlink("d/n", target),
            "l",
            "d/n",
        ),
    ]
}

/// Entries of all kinds through the link, to names that are there outside and to names that are not.
fn entries(through: &str, layer: Layer) -> Layer {
    let mut layer = layer.file("anchor", 0o644, "anchor");
    for kind in Kind::ALL {
        let new = format!("{through}/new-{kind:?}");
        layer = kind.entry(layer, &kind.name(&new));
        layer = kind.entry(layer, &kind.name(&format!("{through}/sub/deep/{kind:?}")));
    }
    for hidden in ["secret", "twin", "sub", "sub/secret"] {
        layer = layer.whiteout(format!("{through}/{hidden}"));
    }
    loud(layer.opaque(through))
}

#[track_caller]
fn assert_inside(outcome: &Outcome, stands: &str, target: &str) {
    let found = outcome.tree();
    let place = inside(stands, target);
    let link = &found[stands.as_bytes()];
    assert_eq!(
        link.target.as_deref(),
        Some(target.as_bytes()),
        "{}",
        outcome.name
    );
    for kind in Kind::ALL {
        for name in [
            format!("{place}/new-{kind:?}"),
            format!("{place}/sub/deep/{kind:?}"),
        ] {
            let node = found.get(name.as_bytes());
            let sketch = || tree::sketch(&outcome.dest);
            assert_eq!(
                node.map(|node| node.kind),
                kind.made(),
                "{}: {name}\n{}",
                outcome.name,
                sketch()
            );
        }
    }
}

#[test]
fn what_goes_through_a_link_out_stays_inside() {
    let yard = Yard::new("through_a_link_out");
    for target in yard.ways_to_the_folder() {
        for way in ways(&target) {
            let name = format!("{} {target}", way.name);
            let one = entries(way.through, way.layer.clone());
            let outcome = yard.attempt(Trial::new(format!("{name} one")).layer(one));
            assert_inside(&outcome, way.stands, &target);

            let upper = entries(way.through, Layer::new());
            let trial = Trial::new(format!("{name} across"));
            let outcome = yard.attempt(trial.layers([way.layer, upper]));
            assert_inside(&outcome, way.stands, &target);
        }
    }
}

#[test]
fn a_tree_that_grows_in_place_holds_as_well() {
    let yard = Yard::new("grows_in_place");
    for target in yard.ways_to_the_folder() {
        let way = ways(&target).into_iter().next().unwrap();
        let dest = yard.canary.dest();
        crate::support::sandbox::remove(&dest).unwrap();
        fs::create_dir(&dest).unwrap();
        // The working directory cannot be replaced, so the tree grows in it.
        let trial = Trial::new(&target).prelude(&format!("cd {}", dest.display()));
        let trial = trial.layer(entries(way.through, way.layer));
        let outcome = trial.pull_into(&yard.sandbox, &dest);
        yard.canary.assert_untouched();
        assert!(outcome.run.stderr.contains("not atomic"));
        assert_inside(&outcome, way.stands, &target);
    }
}

#[test]
fn an_entry_over_a_link_out_replaces_the_link() {
    let yard = Yard::new("over_a_link_out");
    let folder = yard.canary.dir();
    for outside in [
        folder.display().to_string(),
        file_of(&folder).display().to_string(),
        "../canary".into(),
        "../../canaries".into(),
        "dangling".into(),
    ] {
        for kind in Kind::ALL {
            let lower = Layer::new()
                .file("anchor", 0o644, "anchor")
                .symlink("l", &outside);
            let upper = |layer| kind.entry(layer, &kind.name("l"));
            for (layers, kept) in [
                (vec![upper(lower.clone())], true),
                (vec![lower.clone(), upper(Layer::new())], false),
            ] {
                let name = format!("{kind:?} over {outside}");
                let outcome = yard.attempt(Trial::new(name).layers(layers));
                let found = outcome
                    .tree()
                    .get(&b"l"[..])
                    .map(|node| (node.kind, node.target.clone()));
                let link = Some((Found::Symlink, Some(outside.clone().into_bytes())));
                let expected = match kind {
                    Kind::Whiteout if kept => link,
                    Kind::Whiteout => None,
                    // It speaks of where the link leads, and there is nothing.
                    Kind::Opaque => link,
                    Kind::Symlink => Some((Found::Symlink, Some(b"anchor".to_vec()))),
                    _ => kind.made().map(|made| (made, None)),
                };
                assert_eq!(found, expected, "{}", outcome.name);
            }
        }
    }
}

#[test]
fn a_directory_over_a_link_out_is_a_directory_from_then_on() {
    let yard = Yard::new("directory_over_a_link");
    for target in yard.ways_to_the_folder() {
        let lower = Layer::new().symlink("l", &target);
        let upper = |layer: Layer| {
            loud(layer.entry(b'5', "l/"))
                .file("l/secret", 0o600, "mine")
                .whiteout("l/twin")
                .opaque("l")
        };
        let sketch = "d 6777 l/\nf 0600 4 l/secret\n";
        yard.holds(&target, [upper(lower.clone())], sketch);
        yard.holds(&target, [lower, upper(Layer::new())], sketch);
    }
}

#[test]
fn a_links_own_metadata_stays_with_the_link() {
    let yard = Yard::new("a_links_own_metadata");
    for target in yard.ways_to_the_folder() {
        let layer = loud(Layer::new().entry(b'2', "l")).target(&target);
        let outcome = yard.attempt(Trial::new(&target).layer(layer));
        let link = outcome.node("l");
        assert_eq!(link.mtime, (99, 0));
        if crate::support::sandbox::is_root() {
            assert_eq!((link.uid, link.gid), (4242, 4242));
        }
    }
}

#[test]
fn links_that_lead_into_each_other_end() {
    let yard = Yard::new("links_into_each_other");
    let why = "its parents lead through more than 255 symlinks";
    for (name, links) in [
        ("itself", vec![("l", "l")]),
        ("absolute", vec![("l", "/l")]),
        ("two", vec![("l", "m"), ("m", "l")]),
        ("growing", vec![("l", "l/x")]),
        ("climbing", vec![("l", "../../l/../l")]),
    ] {
        let links = || {
            links
                .iter()
                .fold(Layer::new(), |layer, (name, to)| layer.symlink(name, to))
        };
        yard.refuses(name, [links().file("l/x", 0o644, "")], why);
        yard.refuses(name, [links(), Layer::new().dir("l/x/y", 0o755)], why);
        yard.refuses(name, [links(), Layer::new().whiteout("l/x")], why);
        yard.refuses(name, [links().hardlink("h", "l/x")], why);
    }
}
