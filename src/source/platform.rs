//! Selects one manifest from an index by platform.

use crate::error::{Error, ErrorKind, ImageError, RegistryError};
use crate::oci::{
    Descriptor, Digest, Document, EntryDigest, Image, Index, IndexEntry, InvalidManifest, Manifest,
    MediaKind, Platform, PlatformRequest,
};
use crate::progress::Progress;

/// The maximum depth of nested indexes. Two occur in practice.
const MAX_DEPTH: usize = 8;

/// How many indexes are read in search of one platform: an index may list thousands.
const MAX_INDEXES: usize = 64;

/// How many available platforms an error lists. Real images have a few dozen.
const MAX_AVAILABLE: usize = 64;

/// How many images are listed, over all indexes.
const MAX_LISTED: usize = 20_000;

/// The selected manifest.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) digest: Digest,
    pub(super) manifest: Manifest,
    /// No index has stated its platform: the config will.
    pub(super) unconfirmed: bool,
}

/// Selects the manifest for the requested platform from `root`, which has the digest `digest`.
/// `fetch` returns the verified document of an entry.
pub(super) fn choose(
    name: &str,
    digest: Digest,
    root: Document,
    request: &PlatformRequest,
    mut fetch: impl FnMut(&Descriptor) -> Result<Document, Error>,
) -> Result<Chosen, Error> {
    let index = match root {
        Document::Manifest(manifest) => {
            return Ok(Chosen {
                digest,
                manifest,
                unconfirmed: true,
            });
        }
        Document::Index(index) => index,
    };
    let mut available = Vec::new();
    let mut read = 1;
    let (mut single, mut unknown) = (None, None);
    let mut current = Some((index, 1));
    let mut waiting: Vec<(Descriptor, usize)> = Vec::new();
    while let Some((index, depth)) = current {
        let Candidates {
            best,
            only,
            mut nested,
            unknown: own,
        } = Candidates::of(&index, request, &mut available);
        if let Some((_, best)) = best {
            return manifest(&known(name, best)?, &mut fetch, false);
        }
        unknown = unknown.or(own);
        // A single image without a stated platform: its config decides.
        single = only.or(single);
        read += nested.len();
        if let Some(entry) = nested.first()
            && (depth == MAX_DEPTH || read > MAX_INDEXES)
        {
            return Err(Error::manifest(
                entry.digest.to_string(),
                InvalidManifest::TooDeep,
            ));
        }
        // The stack is last in, first out, so push in reverse.
        nested.reverse();
        waiting.extend(nested.into_iter().map(|entry| (entry, depth + 1)));
        current = None;
        while current.is_none() {
            let Some((entry, depth)) = waiting.pop() else {
                break;
            };
            if let Document::Index(index) = fetch(&entry)? {
                current = Some((index, depth));
            }
        }
    }
    match (single, unknown) {
        (Some(only), _) if available.is_empty() => manifest(&known(name, only)?, &mut fetch, true),
        // That index may hold the wanted image.
        (_, Some(index)) => known(name, index).and(Err(no_platform(name, request, available))),
        _ => Err(no_platform(name, request, available)),
    }
}

/// The descriptor of a selected entry. Its digest must be verifiable only now.
fn known(name: &str, entry: IndexEntry) -> Result<Descriptor, Error> {
    entry.known().map_err(|why| Error::manifest(name, why))
}

/// The candidates in an index. Of possibly tens of thousands of entries, few are kept.
struct Candidates {
    /// The best image, the first among equals, with its rank. Any image with a verifiable digest
    /// ranks above one without.
    best: Option<((bool, usize), IndexEntry)>,
    /// The image, if it is the only one and has no platform.
    only: Option<IndexEntry>,
    /// Nested indexes that may hold the wanted image, at most one more than may be read.
    nested: Vec<Descriptor>,
    /// An index that may hold it too, but has no verifiable digest.
    unknown: Option<IndexEntry>,
}

impl Candidates {
    /// Reads the entries, and adds their platforms to `available`.
    fn of(index: &Index, request: &PlatformRequest, available: &mut Vec<Platform>) -> Self {
        let (mut best, mut only, mut nested, mut unknown) = (None, None, Vec::new(), None);
        let mut images = 0;
        index.each(|mut entry| {
            let is_image = is_image(&entry);
            let platform = entry.platform();
            // Annotations are not needed any more, and each entry may have thousands.
            entry.annotations = None;
            match entry.kind() {
                MediaKind::Index if nested.len() <= MAX_INDEXES && may_hold(&entry, request) => {
                    match &entry.digest {
                        EntryDigest::Known(_) => nested.extend(entry.known().ok()),
                        EntryDigest::Unknown(_) => unknown = unknown.take().or(Some(entry)),
                    }
                }
                MediaKind::Manifest if is_image => {
                    images += 1;
                    let Some(platform) = platform else {
                        only = Some(entry);
                        return;
                    };
                    let is_unknown = matches!(entry.digest, EntryDigest::Unknown(_));
                    let rank = request.rank(&platform).map(|rank| (is_unknown, rank));
                    if let Some(rank) = rank
                        && best.as_ref().is_none_or(|(other, _)| rank < *other)
                    {
                        best = Some((rank, entry));
                    }
                    if available.len() < MAX_AVAILABLE && !available.contains(&platform) {
                        available.push(platform);
                    }
                }
                _ => {}
            }
        });
        let only = only.filter(|_| images == 1);
        Self {
            best,
            only,
            nested,
            unknown,
        }
    }
}

/// Lists all manifests of an index, with those of nested indexes in their place.
pub(super) struct Listing<'l> {
    /// Returns the verified document of an entry.
    fetch: &'l mut dyn FnMut(&Descriptor) -> Result<Document, Error>,
    /// Receives a manifest, which may be an attestation.
    take: &'l mut dyn FnMut(&IndexEntry),
    /// The numbers of indexes read and of manifests listed.
    read: usize,
    listed: usize,
}

impl<'l> Listing<'l> {
    /// Lists the contents of `index`. Nested indexes are left out if they are missing, or beyond
    /// the limits of a platform search.
    pub(super) fn of(
        index: &Index,
        fetch: &'l mut dyn FnMut(&Descriptor) -> Result<Document, Error>,
        take: &'l mut dyn FnMut(&IndexEntry),
    ) -> Result<(), Error> {
        let (read, listed) = (1, 0);
        let mut listing = Self {
            fetch,
            take,
            read,
            listed,
        };
        listing.add(index, 1)
    }

    fn add(&mut self, index: &Index, depth: usize) -> Result<(), Error> {
        let mut failed = None;
        index.each(|entry| match entry.kind() {
            MediaKind::Manifest if self.listed < MAX_LISTED => {
                self.listed += 1;
                (self.take)(&entry);
            }
            MediaKind::Index
                if failed.is_none() && depth < MAX_DEPTH && self.read < MAX_INDEXES =>
            {
                self.read += 1;
                // Without a verifiable digest, it is left out too.
                if let Ok(entry) = entry.known() {
                    failed = self.add_nested(&entry, depth).err();
                }
            }
            _ => {}
        });
        failed.map_or(Ok(()), Err)
    }

    fn add_nested(&mut self, entry: &Descriptor, depth: usize) -> Result<(), Error> {
        let beyond = |why: &InvalidManifest| {
            matches!(
                why,
                InvalidManifest::TooMuch | InvalidManifest::TooLongInAll(_)
            )
        };
        match (self.fetch)(entry) {
            Ok(Document::Index(index)) => self.add(&index, depth + 1),
            Ok(Document::Manifest(_)) => Ok(()),
            Err(error) => match error.kind() {
                ErrorKind::Registry(RegistryError::NotFound { .. }) | ErrorKind::Layout(_) => {
                    Ok(())
                }
                ErrorKind::Image(ImageError::Manifest { reason, .. }) if beyond(reason) => Ok(()),
                _ => Err(error),
            },
        }
    }
}

/// Checks a manifest that was not selected from an index against its config. An image for another
/// platform is an error if a platform was requested; by default it is accepted with a warning.
pub(super) fn confirm(
    name: &str,
    image: &Image,
    request: &PlatformRequest,
    progress: Progress,
) -> Result<(), Error> {
    let Some(platform) = &image.platform else {
        return Ok(());
    };
    if request.rank(platform).is_some() {
        return Ok(());
    }
    if request.explicit {
        return Err(no_platform(name, request, vec![platform.clone()]));
    }
    progress.warn(format_args!(
        "{name} is for {platform}, and this machine is {}",
        request.platform
    ));
    Ok(())
}

/// Whether an entry is an image. Attestations look like images for `unknown/unknown`; entries of
/// other types are ignored and no error (image-spec image-index.md: MUST NOT).
fn is_image(entry: &IndexEntry) -> bool {
    entry.kind() == MediaKind::Manifest && !entry.is_attestation()
}

/// Whether a nested index may hold the wanted image: its own platform, if stated, must match.
fn may_hold(index: &IndexEntry, request: &PlatformRequest) -> bool {
    index
        .platform()
        .is_none_or(|platform| request.rank(&platform).is_some())
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
        // `fetch` has checked the document against the entry's media type.
        Document::Index(_) => Err(Error::manifest(
            entry.digest.to_string(),
            InvalidManifest::Ambiguous,
        )),
    }
}

fn no_platform(name: &str, request: &PlatformRequest, available: Vec<Platform>) -> Error {
    ImageError::NoPlatform {
        image: name.to_owned(),
        wanted: request.platform.clone(),
        available,
    }
    .into()
}
