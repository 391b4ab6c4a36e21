//! Hard links: a second name for what is in the tree, and for nothing else.

use super::{Kind, Yard, loud};
use crate::support::tar::{BLOCK, header};
use crate::support::{Layer, Trial};

/// A hard link to `target`, as the header says it, GNU's long link and pax.
fn spellings(layer: &Layer, target: &str) -> [(&'static str, Layer); 3] {
    let mut long = header(b'K', b"././@LongLink", target.len() + 1).to_vec();
    long.extend(target.as_bytes());
    long.resize(BLOCK + (target.len() + 1).next_multiple_of(BLOCK), 0);
    let plain = layer.clone().hardlink("h", target);
    let long = layer.clone().raw(long).hardlink("h", "innocent");
    let pax = layer.clone().hardlink("h", "innocent");
    [
        ("header", loud(plain)),
        ("long link", loud(long)),
        ("pax", loud(pax).pax("linkpath", target)),
    ]
}

fn innocent() -> Layer {
    Layer::new().file("innocent", 0o644, "innocent")
}

#[test]
fn a_hard_link_to_a_host_file_is_refused_however_it_is_spelt() {
    let yard = Yard::new("a_hard_link_to_a_host_file");
    let absolute = yard.canary.file().display().to_string();
    let evil = absolute.replace("outside", "above/beside/dest-evil");
    let climbs = "its name climbs with `..`";
    let missing = "hard link target not found";
    for (target, why) in [
        ("../canary", climbs),
        ("../../canary", climbs),
        ("/../canary", climbs),
        ("a/../../canary", climbs),
        ("../dest-evil/canary", climbs),
        ("../dest/../canary", climbs),
        ("../../../../outside/canary", climbs),
        (&("../".repeat(30) + &absolute), climbs),
        (&absolute, missing),
        (&evil, missing),
        (&absolute[1..], missing),
        (&format!("./{absolute}"), missing),
        ("dest-evil/canary", missing),
        ("/proc/self/root/etc/passwd", missing),
        ("", "link without a target"),
        (".", "link without a target"),
        ("/", "link without a target"),
        ("//./", "link without a target"),
    ] {
        for (how, layer) in spellings(&innocent(), target) {
            // An empty record leaves it to the header, and an empty long link is none.
            if !target.is_empty() || how == "header" {
                yard.refuses(&format!("{how} {target}"), [layer], why);
            }
        }
    }
}

#[test]
fn a_hard_link_through_a_link_out_finds_nothing() {
    let yard = Yard::new("a_hard_link_through_a_link");
    let missing = "hard link target not found";
    for target in yard.ways_to_the_folder() {
        for lower in [
            innocent().symlink("l", &target),
            innocent()
                .dir("in", 0o755)
                .symlink("in/up", "..")
                .symlink("in/up/l", &target),
            innocent().symlink("l", "m").symlink("m", &target),
        ] {
            for name in ["l/secret", "l/sub/secret", "l/link", "l/../canary"] {
                let why = if name.contains("..") {
                    "its name climbs with `..`"
                } else {
                    missing
                };
                for (how, layer) in spellings(&lower, name) {
                    yard.refuses(&format!("{how} {name} by {target}"), [layer], why);
                }
                let (_, upper) = spellings(&Layer::new(), name).into_iter().next().unwrap();
                yard.refuses(
                    &format!("{name} across {target}"),
                    [lower.clone(), upper],
                    why,
                );
            }
        }
    }
}

/// CVE-2021-32760: the mode of the hard link went through the symlink that it is a second name of.
#[test]
fn a_hard_link_to_a_link_out_is_a_second_name_of_the_link() {
    let yard = Yard::new("a_hard_link_to_a_link");
    let folder = yard.canary.dir();
    let targets = yard.ways_to_the_folder().into_iter();
    for target in targets.chain([folder.join("secret").display().to_string()]) {
        let lower = || innocent().symlink("l", &target);
        for (_, layer) in spellings(&lower(), "l") {
            let outcome = yard.attempt(Trial::new(&target).layer(layer));
            outcome.is(&format!("l h -> {target}\nf 0644 8 innocent\nh l -> h\n"));
        }
    }
}

#[test]
fn entries_over_a_hard_link_to_a_link_out_replace_it() {
    let yard = Yard::new("over_a_hard_link_to_a_link");
    let outside = yard.canary.dir().join("secret").display().to_string();
    for kind in Kind::ALL {
        let lower = Layer::new()
            .file("anchor", 0o644, "anchor")
            .symlink("l", &outside)
            .hardlink("h", "l");
        let upper = |layer| kind.entry(layer, &kind.name("h"));
        for layers in [
            vec![upper(lower.clone())],
            vec![lower.clone(), upper(Layer::new())],
        ] {
            let outcome = yard.attempt(Trial::new(format!("{kind:?}")).layers(layers));
            let link = outcome.node("l");
            assert_eq!(link.target.as_deref(), Some(outside.as_bytes()));
            if kind.made().is_some() {
                assert_eq!(outcome.tree().get(&b"h"[..]).map(|n| n.kind), kind.made());
            }
        }
    }
}
