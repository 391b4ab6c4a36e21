//! From an index to the one manifest that a pull is for.

use crate::error::Error;
use crate::oci::{
    Descriptor, Digest, Document, Image, Index, InvalidManifest, Kind, Manifest, Platform, Wanted,
};
use crate::progress::Progress;

/// How many indexes may lie within each other. Two occur.
const MAX_DEPTH: usize = 8;

/// How many indexes are read in search of one platform: an index may name thousands.
const MAX_INDEXES: usize = 64;

/// A manifest that was chosen.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) digest: Digest,
    pub(super) manifest: Manifest,
    /// Nothing has said yet which platform it is for: its config will.
    pub(super) unconfirmed: bool,
}

/// Chooses the manifest for `wanted` out of `root`, which `digest` names. `fetch` brings what an
/// entry names, verified.
pub(super) fn choose(
    name: &str,
    digest: Digest,
    root: Document,
    wanted: &Wanted,
    mut fetch: impl FnMut(&Descriptor) -> Result<Document, Error>,
) -> Result<Chosen, Error> {
    let mut waiting = match root {
        Document::Manifest(manifest) => {
            return Ok(Chosen {
                digest,
                manifest,
                unconfirmed: true,
            });
        }
        Document::Index(index) => vec![(index.manifests, 1)],
    };
    let mut available: Vec<Platform> = Vec::new();
    let mut read = 1;
    let mut single = None;
    while let Some((entries, depth)) = waiting.pop() {
        let images = images(&entries);
        if let Some(best) = best(&images, wanted) {
            return manifest(best, &mut fetch, false);
        }
        // One image and no word on what it is for: then its config decides.
        if let [only] = images[..]
            && only.platform().is_none()
        {
            single = Some(only.clone());
        }
        for platform in images.iter().filter_map(|image| image.platform()) {
            if !available.contains(&platform) {
                available.push(platform);
            }
        }
        let nested = entries
            .iter()
            .filter(|entry| entry.kind() == Kind::Index)
            .collect::<Vec<_>>();
        // The last in, the first out: so in reverse.
        for entry in nested
            .into_iter()
            .rev()
            .filter(|entry| may_hold(entry, wanted))
        {
            read += 1;
            if depth == MAX_DEPTH || read > MAX_INDEXES {
                return Err(Error::Manifest {
                    what: entry.digest.to_string(),
                    why: InvalidManifest::TooDeep,
                });
            }
            if let Document::Index(index) = fetch(entry)? {
                waiting.push((index.manifests, depth + 1));
            }
        }
    }
    match single {
        Some(only) if available.is_empty() => manifest(&only, &mut fetch, true),
        _ => Err(no_platform(name, wanted, available)),
    }
}

/// All manifests in `index`, attestations too, and those of the indexes within in their places. What is
/// not there, or is beyond what is read in search of one platform, is not listed.
pub(super) fn all(
    index: Index,
    mut fetch: impl FnMut(&Descriptor) -> Result<Document, Error>,
) -> Result<Vec<Descriptor>, Error> {
    let mut all = Vec::new();
    let mut waiting = vec![(index.manifests.into_iter(), 1)];
    let mut read = 1;
    while let Some((entries, depth)) = waiting.last_mut() {
        let depth = *depth;
        match entries.next() {
            None => drop(waiting.pop()),
            Some(entry) if entry.kind() == Kind::Manifest => all.push(entry),
            Some(entry) if entry.kind() == Kind::Index => {
                read += 1;
                if depth == MAX_DEPTH || read > MAX_INDEXES {
                    continue;
                }
                match fetch(&entry) {
                    Ok(Document::Index(index)) => {
                        waiting.push((index.manifests.into_iter(), depth + 1));
                    }
                    Ok(Document::Manifest(_))
                    | Err(Error::NotFound { .. } | Error::Layout { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Some(_) => {}
        }
    }
    Ok(all)
}

/// Checks a manifest that no index chose against its config. By default a pull is for this machine,
/// but an image for another one may be what is wanted: it is taken, with a warning.
pub(super) fn confirm(
    name: &str,
    image: &Image,
    wanted: &Wanted,
    progress: Progress,
) -> Result<(), Error> {
    let Some(platform) = &image.platform else {
        return Ok(());
    };
    if wanted.rank(platform).is_some() {
        return Ok(());
    }
    if wanted.asked {
        return Err(no_platform(name, wanted, vec![platform.clone()]));
    }
    progress.warn(format_args!(
        "{name} is for {platform}, and this machine is {}",
        wanted.platform
    ));
    Ok(())
}

/// The entries that are images. Attestations look like images of `unknown/unknown`; entries of
/// other types are none of ours and no error (image-spec image-index.md: MUST NOT).
fn images(entries: &[Descriptor]) -> Vec<&Descriptor> {
    let is_image = |entry: &&Descriptor| entry.kind() == Kind::Manifest && !entry.is_attestation();
    entries.iter().filter(is_image).collect()
}

/// The best entry, and the first among equals.
fn best<'e>(images: &[&'e Descriptor], wanted: &Wanted) -> Option<&'e Descriptor> {
    let ranked = images
        .iter()
        .filter_map(|image| Some((wanted.rank(&image.platform()?)?, *image)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, image)| image)
}

/// An index that says what it is for is not read in vain.
fn may_hold(index: &Descriptor, wanted: &Wanted) -> bool {
    index
        .platform()
        .is_none_or(|platform| wanted.rank(&platform).is_some())
}

fn manifest(
    entry: &Descriptor,
    fetch: &mut impl FnMut(&Descriptor) -> Result<Document, Error>,
    unconfirmed: bool,
) -> Result<Chosen, Error> {
    match fetch(entry)? {
        Document::Manifest(manifest) => Ok(Chosen {
            digest: entry.digest.clone(),
            manifest,
            unconfirmed,
        }),
        // `fetch` has held the document against the type in the entry.
        Document::Index(_) => Err(Error::Manifest {
            what: entry.digest.to_string(),
            why: InvalidManifest::Ambiguous,
        }),
    }
}

fn no_platform(name: &str, wanted: &Wanted, available: Vec<Platform>) -> Error {
    Error::NoPlatform {
        image: name.to_owned(),
        wanted: wanted.platform.clone(),
        available,
    }
}
