//! Recognises an image archive: anything else is overwritten only with `--force`.

use super::entry::has_contents;
use super::header::{BLOCK, Fields};
use crate::oci::Digest;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

/// How many members are examined: docker's list comes after all layers, and a backup has millions
/// of members.
const MAX_MEMBERS: usize = 4096;

/// How much of docker's list is read, in bytes.
const START: usize = 16;

/// Whether `file` is a tar with `oci-layout` or a blob (image-spec image-layout.md), or with
/// docker's list of images at its top level. Only the header of each member is read, and an
/// unreadable file is not an archive. A compressed archive does not count: its replacement would
/// not be compressed, although its name says so.
pub fn is_image_archive(file: &File) -> bool {
    let mut position = 0;
    (0..MAX_MEMBERS)
        .map_while(|_| member(file, &mut position))
        .any(|is_list| is_list)
}

/// Whether the member at `position` is one of these files. Advances to the next one; None at the
/// end.
fn member(file: &File, position: &mut u64) -> Option<bool> {
    let mut block = [0; BLOCK];
    file.read_exact_at(&mut block, *position).ok()?;
    let is_end = block.iter().all(|byte| *byte == 0);
    let fields = (!is_end).then(|| Fields::read(&block).ok()).flatten()?;
    let contents = position.checked_add(BLOCK as u64)?;
    let is_file = has_contents(fields.kind, &fields.name);
    // pax extended headers and GNU long names have contents too.
    let size = if is_file || matches!(fields.kind, b'x' | b'g' | b'L' | b'K') {
        fields.size.checked_next_multiple_of(BLOCK as u64)?
    } else {
        0
    };
    *position = contents.checked_add(size)?;
    let name: &[u8] = &fields.name;
    Some(match name.strip_prefix(b"./").unwrap_or(name) {
        _ if !is_file => false,
        b"oci-layout" => true,
        // A truncated archive may have nothing else.
        name if is_blob(name) => true,
        // docker's file is an array; the one of a web application is an object.
        b"manifest.json" => {
            let mut start = [b' '; START];
            let count = file.read_at(&mut start, contents).ok()?;
            start[..count].trim_ascii_start().starts_with(b"[")
        }
        _ => false,
    })
}

/// Whether a member is named `blobs/ALGORITHM/ENCODED`.
fn is_blob(name: &[u8]) -> bool {
    let name = str::from_utf8(name).ok();
    let digest = name.and_then(|name| name.strip_prefix("blobs/"));
    digest.is_some_and(|digest| Digest::parse(&digest.replacen('/', ":", 1)).is_ok())
}
