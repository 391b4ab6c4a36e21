//! Every kind of thing over every other.

use super::{holds, holds_anywhere};
use crate::support::Layer;
use crate::support::sandbox::is_root;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    LinkToDirectory,
    LinkToFile,
    LinkToNothing,
    HardLink,
    HardLinkToLink,
    Fifo,
    CharDevice,
    BlockDevice,
}

use Kind::*;

const ALL: [Kind; 10] = [
    File,
    Directory,
    LinkToDirectory,
    LinkToFile,
    LinkToNothing,
    HardLink,
    HardLinkToLink,
    Fifo,
    CharDevice,
    BlockDevice,
];

impl Kind {
    /// Makes `x`, with a mode to tell layers apart by.
    fn make(self, layer: Layer, mode: u32) -> Layer {
        match self {
            File => layer.file("x", mode, "hello"),
            Directory => layer
                .dir("x", mode)
                .file(format!("x/in-{mode:o}"), 0o644, "")
                .file(format!("x/sub/in-{mode:o}"), 0o644, ""),
            LinkToDirectory => layer.symlink("x", "dir"),
            LinkToFile => layer.symlink("x", "keep"),
            LinkToNothing => layer.symlink("x", "nowhere"),
            HardLink => layer.hardlink("x", "keep"),
            HardLinkToLink => layer.hardlink("x", "link"),
            Fifo => layer.fifo("x", mode),
            CharDevice => layer.char_device("x", mode, 1, 3),
            BlockDevice => layer.block_device("x", mode, 7, 0),
        }
    }

    /// What `x` looks like then; `modes` are those of all directories that it was, the last on top.
    fn sketch(self, modes: &[u32]) -> String {
        let mode = modes.last().unwrap();
        match self {
            File => format!("f {mode:04o} 5 x\n"),
            Directory => {
                let mut modes = modes.to_vec();
                modes.sort_unstable();
                let files = |dir: &str| -> String {
                    let files = modes
                        .iter()
                        .map(|mode| format!("f 0644 0 {dir}/in-{mode:o}\n"));
                    files.collect()
                };
                format!(
                    "d {mode:04o} x/\n{}d 0755 x/sub/\n{}",
                    files("x"),
                    files("x/sub")
                )
            }
            LinkToDirectory => "l x -> dir\n".into(),
            LinkToFile => "l x -> keep\n".into(),
            LinkToNothing => "l x -> nowhere\n".into(),
            HardLink => "h x -> keep\n".into(),
            HardLinkToLink => "h x -> link\n".into(),
            Fifo => format!("p {mode:04o} x\n"),
            CharDevice if is_root() => format!("c {mode:04o} 1,3 x\n"),
            BlockDevice if is_root() => format!("b {mode:04o} 7,0 x\n"),
            CharDevice | BlockDevice => String::new(),
        }
    }
}

/// What links lead to, which stays as it is.
fn base() -> Layer {
    Layer::new()
        .dir("dir", 0o755)
        .file("dir/f", 0o644, "")
        .file("keep", 0o640, "keep")
        .symlink("link", "dir")
}

const BASE: &str = "d 0755 dir/\nf 0644 0 dir/f\nf 0640 4 keep\nl link -> dir\n";

#[test]
fn everything_gives_way_to_everything() {
    for lower in ALL {
        for upper in ALL {
            let name = format!("{upper:?} over {lower:?}");
            let modes: &[u32] = if lower == Directory {
                &[0o711, 0o750]
            } else {
                &[0o750]
            };
            let sketch = format!("{BASE}{}", upper.sketch(modes));
            let made = || lower.make(base(), 0o711);
            holds(&name, [made(), upper.make(Layer::new(), 0o750)], &sketch);
            holds(
                &name,
                [
                    base(),
                    lower.make(Layer::new(), 0o711),
                    upper.make(Layer::new(), 0o750),
                ],
                &sketch,
            );
            // The spec says MUST NOT; of several entries for a path, the last wins.
            holds(&name, [upper.make(made(), 0o750)], &sketch);
            // With a whiteout, directories do not merge.
            let sketch = format!("{BASE}{}", upper.sketch(&[0o750]));
            let layers = [
                made(),
                Layer::new().whiteout("x"),
                upper.make(Layer::new(), 0o750),
            ];
            holds(&name, layers, &sketch);
            let marker = Layer::new().whiteout("x");
            let entries = [upper.make(Layer::new(), 0o750)];
            holds_anywhere(&name, &[made()], &entries, &marker, &sketch);
        }
    }
}

#[test]
fn a_third_layer_is_no_other_than_the_second() {
    for first in [Directory, LinkToDirectory] {
        for second in ALL {
            for third in ALL {
                let name = format!("{third:?} over {second:?} over {first:?}");
                let layers = [
                    first.make(base(), 0o711),
                    second.make(Layer::new(), 0o701),
                    third.make(Layer::new(), 0o750),
                ];
                let modes: &[u32] = match (first, second) {
                    (Directory, Directory) => &[0o711, 0o701, 0o750],
                    (_, Directory) => &[0o701, 0o750],
                    _ => &[0o750],
                };
                holds(&name, layers, &format!("{BASE}{}", third.sketch(modes)));
            }
        }
    }
}

#[test]
fn contents_are_never_written_through() {
    let lower = || {
        Layer::new()
            .file("a", 0o644, "first")
            .hardlink("b", "a")
            .symlink("c", "a")
    };
    for (name, contents) in [("a", "second"), ("b", "second"), ("c", "second")] {
        let upper = Layer::new().file(name, 0o600, contents);
        let outcome = super::Trial::new(name).layers([lower(), upper]).pull();
        for other in ["a", "b"] {
            let expected = if other == name { contents } else { "first" };
            assert_eq!(
                outcome.read(other),
                expected.as_bytes(),
                "{other} after {name}"
            );
        }
        assert_eq!(outcome.node(name).mode, 0o600);
    }
}
