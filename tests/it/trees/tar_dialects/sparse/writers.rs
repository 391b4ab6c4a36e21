//! Sparse files as the four encodings write them.

use crate::support::Layer;
use crate::support::tar::{BLOCK, seal};

/// Where contents go: offset and length of each island.
pub(super) type Map = Vec<(u64, u64)>;

/// Contents for the islands of a map.
pub(super) fn contents(map: &Map) -> Vec<u8> {
    let length: u64 = map.iter().map(|(_, length)| length).sum();
    (0..length).map(|at| b'a' + (at % 23) as u8).collect()
}

pub(super) fn expanded(map: &Map, size: u64) -> Vec<u8> {
    let mut file = vec![0; usize::try_from(size).unwrap()];
    let mut contents = &contents(map)[..];
    for &(offset, length) in map {
        let (offset, length) = (offset as usize, length as usize);
        let (now, later) = contents.split_at(length);
        file[offset..offset + length].copy_from_slice(now);
        contents = later;
    }
    file
}

/// Writes a number field: octal digits, or base-256 where they have no room.
fn number(field: &mut [u8], number: u64) {
    if number < 1 << 33 {
        field[..12].copy_from_slice(format!("{number:011o}\0").as_bytes());
    } else {
        field[..4].copy_from_slice(&[0x80, 0, 0, 0]);
        field[4..12].copy_from_slice(&number.to_be_bytes());
    }
}

pub(super) fn old_gnu(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let write = |fields: &mut [u8], islands: &[(u64, u64)]| {
        for (at, &(offset, length)) in islands.iter().enumerate() {
            number(&mut fields[at * 24..], offset);
            number(&mut fields[at * 24 + 12..], length);
        }
    };
    let (first, rest) = map.split_at(map.len().min(4));
    let mut header = crate::support::tar::header(b'S', b"f", contents.len());
    header[257..265].copy_from_slice(b"ustar  \0");
    write(&mut header[386..], first);
    header[482] = u8::from(!rest.is_empty());
    number(&mut header[483..], size);
    seal(&mut header);
    let mut bytes = header.to_vec();
    let mut blocks = rest.chunks(21).peekable();
    while let Some(islands) = blocks.next() {
        let mut block = [0; BLOCK];
        write(&mut block, islands);
        block[504] = u8::from(blocks.peek().is_some());
        bytes.extend(block);
    }
    bytes.extend(contents);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    Layer::new().raw(bytes)
}

pub(super) fn pax_0_0(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let layer = Layer::new().file("f", 0o644, contents);
    let layer = layer
        .pax("GNU.sparse.size", size.to_string())
        .pax("GNU.sparse.numblocks", map.len().to_string());
    map.iter().fold(layer, |layer, (offset, length)| {
        layer
            .pax("GNU.sparse.offset", offset.to_string())
            .pax("GNU.sparse.numbytes", length.to_string())
    })
}

pub(super) fn pax_0_1(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let numbers: Vec<_> = map
        .iter()
        .map(|(offset, length)| format!("{offset},{length}"))
        .collect();
    Layer::new()
        .file("GNUSparseFile.1/f", 0o644, contents)
        .pax("GNU.sparse.name", "f")
        .pax("GNU.sparse.size", size.to_string())
        .pax("GNU.sparse.numblocks", map.len().to_string())
        .pax("GNU.sparse.map", numbers.join(","))
}

pub(super) fn pax_1_0(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let lines = map
        .iter()
        .map(|(offset, length)| format!("{offset}\n{length}\n"));
    let mut bytes = format!("{}\n{}", map.len(), lines.collect::<String>()).into_bytes();
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes.extend(contents);
    Layer::new()
        .file("GNUSparseFile.1/f", 0o644, bytes)
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.name", "f")
        .pax("GNU.sparse.realsize", size.to_string())
}

pub(super) type Writer = fn(&Map, u64, &[u8]) -> Layer;

pub(super) const WRITERS: [(&str, Writer); 4] = [
    ("old GNU", old_gnu),
    ("pax 0.0", pax_0_0),
    ("pax 0.1", pax_0_1),
    ("pax 1.0", pax_1_0),
];
