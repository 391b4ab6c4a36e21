//! Names that are long, and names that are not text, in every format that tar has for them.

use super::alone::Alone;
use crate::support::Sandbox;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Names of one component. The last are what shells, terminals and careless parsers trip over.
const ODD: [&[u8]; 14] = [
    b"\xff\xfe",
    b"latin-1 \xe4\xf6\xfc",
    b"overlong \xc0\xaf",
    b"surrogate \xed\xa0\x80",
    b"half \xf0\x9f",
    "decomposed u\u{308}".as_bytes(),
    "\u{202e}txt.exe".as_bytes(),
    b"new\nline",
    b"tab\tbell\x07escape\x1b[31m",
    b"back\\slash\\n",
    b"-rf",
    b" leading and trailing ",
    b"17 path=x\n",
    b"..dots..",
];

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_names() {
    // The longest path, component and link target that a format has room for.
    let formats = [
        ("v7", 99, 99, 99),
        ("ustar", 250, 99, 99),
        ("gnu", 3900, 255, 4000),
        ("posix", 3900, 255, 4000),
    ];
    for (format, path, component, target) in formats {
        let sandbox = Sandbox::new("interop_names");
        write(&sandbox.mkdir("tree"), path, component, target);
        let option = format!("--format={format}");
        let alone = Alone::written(&sandbox, "tree", format, &[&option]);
        let mut trees = alone.unpack();
        let longest = trees.ours.keys().map(Vec::len).max();
        assert!(longest >= Some(path - 70), "{format}: {longest:?}");
        trees.umocis.remove(&b""[..]);
        trees.tars.remove(&b""[..]);
        trees.ours.remove(&b""[..]);
        trees.assert_same(&option);
    }
}

/// Writes files, symlinks and hard links whose names go up to the limits.
fn write(tree: &Path, path: usize, component: usize, target: usize) {
    let folder = tree.join("odd");
    fs::create_dir(&folder).unwrap();
    for (number, name) in ODD.iter().enumerate() {
        let name = OsStr::from_bytes(name);
        fs::write(folder.join(name), format!("{number}")).unwrap();
        symlink(name, folder.join(format!("link-{number}"))).unwrap();
        fs::hard_link(folder.join(name), folder.join(format!("twin-{number}"))).unwrap();
        let inner = folder.join(format!("dir-{number}")).join(name);
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join(name), "inside").unwrap();
    }
    // Lengths around those at which fields end: the file's name counts from the top, "./" included.
    for length in [98, 99, 100, 101, 154, 155, 156, 254, 255] {
        if length <= component {
            let length = length.min(path - "./lengths/".len());
            let name = "n".repeat(length);
            fs::create_dir_all(tree.join("lengths")).unwrap();
            fs::write(tree.join("lengths").join(&name), &name).unwrap();
        }
        if length <= target {
            fs::create_dir_all(tree.join("targets")).unwrap();
            let link = tree.join("targets").join(length.to_string());
            symlink("t".repeat(length), link).unwrap();
        }
    }
    symlink("t/".repeat(target / 2), tree.join("farthest")).unwrap();
    // Down, one directory after the other, each with a file, a link and a twin in it.
    let (mut folder, mut length) = (tree.to_owned(), ".".len());
    let step = (path / 10).min(60);
    while length + step + "/twin".len() < path {
        let name: String = ('a'..='z')
            .cycle()
            .skip(length % 26)
            .take(step - 1)
            .collect();
        folder.push(&name);
        length += step;
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("file"), length.to_string()).unwrap();
        if length + "/file".len() <= target {
            fs::hard_link(folder.join("file"), folder.join("twin")).unwrap();
        }
        symlink("file", folder.join("link")).unwrap();
    }
}
