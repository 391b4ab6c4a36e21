//! The layers of a docker-archive: compressed or not, with any file names.
//!
//! Bazel writes `blobs/sha256/HEX.tar.gz`, crane `HEX.tar.gz`, others a gzipped `1/layer.tar`. File
//! names are not digests, and the config names uncompressed layers: so that is what the synthesized
//! manifest names, as in skopeo.

use super::docker::{DockerArchiveImage, ManifestEntry};
use crate::archive::Archive;
use crate::compression::{Decoder, Undecodable};
use crate::error::{Absence, Error, LayerError, LayoutFault};
use crate::oci::{Config, Digest};
use crate::registry::MAX_MANIFEST;
use crate::tarball::is_explained;
use std::collections::HashMap;
use std::io::{self, BufReader, Read};

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// The uncompressed bytes of a layer.
pub(super) type Uncompressed = Decoder<BufReader<Box<dyn Read>>>;

/// A file that holds a layer, and its size in the archive, in bytes.
type LayerFile = (String, u64);

/// The image of an entry of `manifest.json`.
pub(super) fn image(archive: &Archive, entry: &ManifestEntry) -> Result<DockerArchiveImage, Error> {
    let failed = |why: LayoutFault| why.at(archive.input().path());
    let located = |name: &str| {
        let name = member_name(name).map_err(failed)?;
        let file = archive.locate(&name)?;
        file.map_err(|why| failed(LayoutFault::Absent(why)))
    };
    let layers = entry.layers().map(located);
    let layers: Vec<LayerFile> = layers.collect::<Result<_, _>>()?;
    let (file, _) = located(entry.config())?;
    let config = archive.bytes(&file, MAX_MANIFEST)?.unwrap_or_default();
    let parsed = Config::parse(&config).ok();
    let diff_ids = parsed.as_ref().map(Config::diff_ids);
    let Some(diff_ids) = diff_ids.filter(|diff_ids| diff_ids.len() == layers.len()) else {
        let why = "its config does not fit its layers";
        return Err(failed(LayoutFault::Malformed(why.to_owned())));
    };
    let sizes = sizes(archive, &layers, diff_ids)?;
    let layers = layers.into_iter().map(|(name, _)| name).zip(sizes);
    Ok(ManifestEntry::image((&file, &config), diff_ids, layers))
}

/// The member name for a path in `manifest.json`. Paths written by buildpacks begin with a slash,
/// which tar ignores.
fn member_name(listed: &str) -> Result<String, LayoutFault> {
    let components = listed.split('/').filter(|part| !matches!(*part, "" | "."));
    let name = components.collect::<Vec<_>>().join("/");
    if name.is_empty() {
        let why = "its manifest.json has an empty file name";
        Err(LayoutFault::Malformed(why.to_owned()))
    } else {
        Ok(name)
    }
}

/// The uncompressed sizes of the layers, in bytes. To count them, each compressed file is
/// decompressed once, within the decompression limits for all of them together.
fn sizes(archive: &Archive, files: &[LayerFile], diff_ids: &[Digest]) -> Result<Vec<u64>, Error> {
    let mut known = HashMap::new();
    let (mut compressed, mut inflated) = (0, 0_u64);
    let mut sizes = Vec::new();
    for ((name, size), diff_id) in files.iter().zip(diff_ids) {
        let counted = match known.get(name) {
            Some(counted) => *counted,
            None if archive.is_plain(name) => *size,
            None => {
                compressed += size;
                let before = inflated;
                count(archive, name, diff_id, |bytes| {
                    inflated += bytes;
                    is_explained(inflated, compressed)
                })?;
                inflated - before
            }
        };
        known.insert(name, counted);
        sizes.push(counted);
    }
    Ok(sizes)
}

/// Decompresses a file and passes the length of each piece to a callback until there are too many
/// bytes.
fn count(
    archive: &Archive,
    name: &str,
    diff_id: &Digest,
    mut may_go_on: impl FnMut(u64) -> bool,
) -> Result<(), Error> {
    let missing = || {
        let why = LayoutFault::Absent(Absence::Missing(name.to_owned()));
        why.at(archive.input().path())
    };
    let file = archive.open_member(name)?.ok_or_else(missing)?;
    let mut bytes = uncompressed(diff_id, file)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        Error::unless_stopped()?;
        match bytes.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) if may_go_on(count as u64) => {}
            Ok(_) => return Err(LayoutFault::Bomb.at(archive.input().path())),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::in_stream(diff_id, e)),
        }
    }
}

/// Decompresses the layer `diff_id` in `file`.
pub(super) fn uncompressed(diff_id: &Digest, file: Box<dyn Read>) -> Result<Uncompressed, Error> {
    let decoder = Decoder::new(BufReader::with_capacity(CHUNK, file));
    decoder.map_err(|why| match why {
        Undecodable::Unread(error) => Error::in_stream(diff_id, error),
        Undecodable::Unknown(name) => LayerError::Compression {
            digest: diff_id.clone(),
            name,
        }
        .into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_a_member() {
        for (listed, member) in [
            ("/0123.tar", "0123.tar"),
            ("./a//layer.tar", "a/layer.tar"),
            ("a/../b", "a/../b"),
            ("../x", "../x"),
        ] {
            assert_eq!(member_name(listed).as_deref(), Ok(member));
        }
        for listed in ["", "/", "./", "."] {
            assert!(member_name(listed).is_err(), "{listed}");
        }
    }
}
