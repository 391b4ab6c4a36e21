//! Sparse files, in the four ways in which GNU tar writes them.

use super::alone::Alone;
use super::peer;
use crate::support::{Sandbox, sha256, tree};
use rustix::fs::{SeekFrom, seek};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

const FORMATS: [(&str, &[&str]); 4] = [
    ("gnu", &["--sparse", "--format=gnu"]),
    (
        "pax-0.0",
        &["--sparse", "--format=pax", "--sparse-version=0.0"],
    ),
    (
        "pax-0.1",
        &["--sparse", "--format=pax", "--sparse-version=0.1"],
    ),
    (
        "pax-1.0",
        &["--sparse", "--format=pax", "--sparse-version=1.0"],
    ),
];

const MIB: u64 = 1 << 20;

/// Where the contents are, and how long the file is.
type Shape = (&'static str, u64, Vec<(u64, u64)>);

/// Files of a size that can be hashed.
fn shapes() -> Vec<Shape> {
    let every = |step: u64, count: u64| (0..count).map(|i| (i * step, 4096)).collect();
    vec![
        ("nothing-but-a-hole", 8 * MIB, vec![]),
        ("hole-at-the-start", 2 * MIB, vec![(2 * MIB - 4096, 4096)]),
        ("hole-at-the-end", 2 * MIB, vec![(0, 4096)]),
        ("hole-in-the-middle", 2 * MIB, vec![(0, 5), (MIB, MIB)]),
        ("odd-end", MIB + 777, vec![(MIB, 777)]),
        ("odd-end-in-a-hole", MIB + 777, vec![(8192, 3)]),
        // The header of the old format has four, each block behind it 21.
        ("four", MIB, every(65536, 4)),
        ("five", MIB, every(65536, 5)),
        ("twenty-six", 2 * MIB, every(65536, 26)),
        ("three-hundred", 8 * MIB, every(16384, 300)),
    ]
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_sparse() {
    let sandbox = Sandbox::new("interop_sparse");
    let original = sandbox.mkdir("tree");
    for shape in shapes() {
        write(&original, &shape);
    }
    // A long name beside a map, and a sparse file with a second name.
    let long = "l".repeat(200);
    write(&original, &("name", MIB, vec![(4096, 10)]));
    fs::rename(original.join("name"), original.join(&long)).unwrap();
    fs::hard_link(original.join(&long), original.join("twin")).unwrap();
    for (format, options) in FORMATS {
        let alone = Alone::written(&sandbox, "tree", format, options);
        assert!(alone.layer().metadata().unwrap().len() < 5 * MIB);
        // Go reads GNU's old type, and umoci does not know it.
        let trees = match format {
            "gnu" => alone.unpack_without_umoci(r"unknown typeflag '\x53'"),
            _ => alone.unpack(),
        };
        // tar's own formats keep whole seconds only: the times are compared with its, below.
        let mut source = tree::list(&original);
        for (path, node) in &mut source {
            node.mtime.1 = trees.ours[path].mtime.1;
        }
        super::explained::assert_same_as("the original", &trees.ours, &source);
        trees.assert_same(format);
        for name in sandbox.names("tree") {
            let ours = sandbox.path(format!("{format}.ours/{name}"));
            let theirs = sandbox.path(format!("{format}.tars/{name}"));
            same_holes(&ours, &original.join(&name));
            same_holes(&ours, &theirs);
        }
    }
}

/// A file that no disk here could hold, which only tar and `roots` are asked to unpack.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_sparse_terabyte() {
    let sandbox = Sandbox::new("interop_terabyte");
    let original = sandbox.mkdir("tree");
    let islands = vec![(0, 4096), (9 << 30, 8192), ((1 << 40) - 512, 512)];
    write(&original, &("disk", 1 << 40, islands));
    for (format, options) in FORMATS {
        let alone = Alone::written(&sandbox, "tree", format, options);
        let tars = sandbox.path(format!("{format}.tars"));
        peer::extract(&alone.layer(), &tars);
        let ours = alone.pull().join("disk");
        same_holes(&ours, &original.join("disk"));
        same_holes(&ours, &tars.join("disk"));
    }
}

/// Writes a file of that shape.
fn write(folder: &Path, (name, size, islands): &Shape) {
    let file = File::create(folder.join(name)).unwrap();
    file.set_len(*size).unwrap();
    for &(offset, length) in islands {
        let contents: Vec<u8> = (offset..offset + length)
            .map(|at| (at / 512 + at) as u8 | 1)
            .collect();
        file.write_all_at(&contents, offset).unwrap();
    }
    // What was not written yet has no blocks to count.
    file.sync_all().unwrap();
}

/// Asserts that a file has its contents where the other has them, and takes no more room.
#[track_caller]
fn same_holes(ours: &Path, other: &Path) {
    let name = ours.display();
    assert_eq!(islands(ours), islands(other), "{name}");
    let blocks = |path: &Path| {
        File::open(path).unwrap().sync_all().unwrap();
        path.metadata().unwrap().blocks()
    };
    // An extent more or less is the file system's affair.
    assert!(blocks(ours) <= blocks(other) + 16, "{name}: is not sparse");
}

/// Where the file system has contents, with their digests, and the length of the file.
fn islands(path: &Path) -> (u64, Vec<(u64, u64, String)>) {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let mut islands = Vec::new();
    let mut at = 0;
    while let Ok(start) = seek(&file, SeekFrom::Data(at)) {
        let end = seek(&file, SeekFrom::Hole(start)).unwrap();
        let mut contents = vec![0; (end - start) as usize];
        file.read_exact_at(&mut contents, start).unwrap();
        islands.push((start, end, sha256(contents)));
        at = end;
    }
    (size, islands)
}
