//! Recognises an archive of images: nothing else is overwritten without `--force`.

use super::entry::has_contents;
use super::header::{BLOCK, Fields};
use crate::oci::Digest;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

/// How many members are looked at: docker's list stands behind all layers, and a backup has millions of members.
const MAX_MEMBERS: usize = 4096;

/// How much of docker's list is looked at, in bytes.
const START: usize = 16;

/// Whether `file` is a tar with `oci-layout` or a blob (image-spec image-layout.md), or with docker's list of
/// images at its top. Of each member only the header is read, and what cannot be read is not an archive. One that is compressed
/// is none either: what would replace it is not compressed, and its name says that it is.
pub fn is_image_archive(file: &File) -> bool {
    let mut position = 0;
    (0..MAX_MEMBERS)
        .map_while(|_| member(file, &mut position))
        .any(|is_list| is_list)
}

/// Whether the member at `position`, which moves on to the next one, is a list of images. Nothing at the end.
fn member(file: &File, position: &mut u64) -> Option<bool> {
    let mut block = [0; BLOCK];
    file.read_exact_at(&mut block, *position).ok()?;
    let is_end = block.iter().all(|byte| *byte == 0);
    let fields = (!is_end).then(|| Fields::read(&block).ok()).flatten()?;
    let contents = position.checked_add(BLOCK as u64)?;
    let is_file = has_contents(fields.kind, &fields.name);
    // Extended headers of pax and long names of GNU have contents as well.
    let size = match is_file || matches!(fields.kind, b'x' | b'g' | b'L' | b'K') {
        true => fields.size.checked_next_multiple_of(BLOCK as u64)?,
        false => 0,
    };
    *position = contents.checked_add(size)?;
    let name: &[u8] = &fields.name;
    Some(match name.strip_prefix(b"./").unwrap_or(name) {
        _ if !is_file => false,
        b"oci-layout" => true,
        // An archive that was cut off may have nothing else.
        name if is_blob(name) => true,
        // docker's is an array; the one of a web application is an object.
        b"manifest.json" => {
            let mut start = [b' '; START];
            let count = file.read_at(&mut start, contents).ok()?;
            start[..count].trim_ascii_start().starts_with(b"[")
        }
        _ => false,
    })
}

/// Whether a member is called `blobs/ALGORITHM/ENCODED`.
fn is_blob(name: &[u8]) -> bool {
    let name = str::from_utf8(name).ok();
    let digest = name.and_then(|name| name.strip_prefix("blobs/"));
    digest.is_some_and(|digest| Digest::parse(&digest.replacen('/', ":", 1)).is_ok())
}
