//! A tree in lines, to be compared with what a test expects.

use super::{Kind, Tree, list};
use std::fmt::Write as _;
use std::path::Path;

/// A tree in lines, without its root: `d 0755 0:0 etc/`, `f 0644 0:0 5 etc/hostname`, `l etc/x -> y`,
/// `h a -> b` for a second name of b, `c 0666 0:0 1,3 dev/null`, `p 0644 0:0 pipe`. Odd bytes are escaped.
pub fn outline(root: impl AsRef<Path>) -> String {
    lines(&list(root), true)
}

/// The same without owners: `d 0755 etc/`, `f 0644 5 etc/hostname`; alike for root and others.
pub fn sketch(root: impl AsRef<Path>) -> String {
    lines(&list(root), false)
}

fn lines(tree: &Tree, owners: bool) -> String {
    let mut text = String::new();
    for (path, node) in tree.iter().filter(|(path, _)| !path.is_empty()) {
        let name = show(path);
        let owner = if owners {
            format!("{}:{} ", node.uid, node.gid)
        } else {
            String::new()
        };
        let mode = format!("{:04o} {owner}", node.mode);
        let (major, minor) = node.device.unwrap_or_default();
        let line = match (node.kind, &node.twin) {
            (_, Some(twin)) if twin != path => format!("h {name} -> {}", show(twin)),
            (Kind::Dir, _) => format!("d {mode}{name}/"),
            (Kind::File, _) => format!("f {mode}{} {name}", node.size),
            (Kind::Symlink, _) => format!(
                "l {owner}{name} -> {}",
                show(node.target.as_deref().unwrap_or_default())
            ),
            (Kind::CharDevice, _) => format!("c {mode}{major},{minor} {name}"),
            (Kind::BlockDevice, _) => format!("b {mode}{major},{minor} {name}"),
            (Kind::Fifo, _) => format!("p {mode}{name}"),
            (Kind::Socket, _) => format!("s {mode}{name}"),
        };
        writeln!(text, "{line}").unwrap();
    }
    text
}

/// A path for people: what is not printable ASCII is escaped.
pub fn show(path: &[u8]) -> String {
    if path.is_empty() {
        ".".to_owned()
    } else {
        path.escape_ascii().to_string()
    }
}
