//! Selects one manifest from an index by platform.

use crate::error::Error;
use crate::oci::{
    Descriptor, Digest, Document, EntryDigest, Image, Index, IndexEntry, InvalidManifest, Manifest,
    MediaKind, Platform, PlatformRequest,
};
use crate::progress::Progress;

/// How many indexes may lie within each other. Two occur.
const MAX_DEPTH: usize = 8;

/// How many indexes are read in search of one platform: an index may name thousands.
const MAX_INDEXES: usize = 64;

/// How many platforms are named where the wanted one is missing. There are some dozen.
const MAX_AVAILABLE: usize = 64;

/// How many images are listed, of all indexes together.
const MAX_LISTED: usize = 20_000;

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
    wanted: &PlatformRequest,
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
    let mut at_hand = Some((index, 1));
    let mut waiting: Vec<(Descriptor, usize)> = Vec::new();
    while let Some((index, depth)) = at_hand {
        let Candidates {
            best,
            only,
            mut nested,
            unknown: own,
        } = Candidates::of(&index, wanted, &mut available);
        if let Some((_, best)) = best {
            return manifest(&known(name, best)?, &mut fetch, false);
        }
        unknown = unknown.or(own);
        // One image and no word on what it is for: then its config decides.
        single = only.or(single);
        read += nested.len();
        if let Some(entry) = nested.first()
            && (depth == MAX_DEPTH || read > MAX_INDEXES)
        {
            return Err(Error::Manifest {
                what: entry.digest.to_string(),
                why: InvalidManifest::TooDeep,
            });
        }
        // The last in, the first out: so in reverse.
        nested.reverse();
        waiting.extend(nested.into_iter().map(|entry| (entry, depth + 1)));
        at_hand = None;
        while at_hand.is_none() {
            let Some((entry, depth)) = waiting.pop() else {
                break;
            };
            if let Document::Index(index) = fetch(&entry)? {
                at_hand = Some((index, depth));
            }
        }
    }
    match (single, unknown) {
        (Some(only), _) if available.is_empty() => manifest(&known(name, only)?, &mut fetch, true),
        // What is wanted may be in there.
        (_, Some(index)) => known(name, index).and(Err(no_platform(name, wanted, available))),
        _ => Err(no_platform(name, wanted, available)),
    }
}

/// An entry that was chosen. Only now does it count whether its digest can be verified.
fn known(name: &str, entry: IndexEntry) -> Result<Descriptor, Error> {
    entry.known().map_err(|why| Error::Manifest {
        what: name.to_owned(),
        why,
    })
}

/// What an index offers. An index may have tens of thousands of entries: few of them are kept.
struct Candidates {
    /// The best image, the first among equals, and how well it suits: any that can be verified suits
    /// better than one that cannot.
    best: Option<((bool, usize), IndexEntry)>,
    /// The image, if there is but one, and no platform with it.
    only: Option<IndexEntry>,
    /// Indexes in it that may hold what is wanted, one more than may be read at most.
    nested: Vec<Descriptor>,
    /// An index that may hold it, too, and cannot be verified.
    unknown: Option<IndexEntry>,
}

impl Candidates {
    /// Reads the entries, and adds the platforms that they are for.
    fn of(index: &Index, wanted: &PlatformRequest, available: &mut Vec<Platform>) -> Self {
        let (mut best, mut only, mut nested, mut unknown) = (None, None, Vec::new(), None);
        let mut images = 0;
        index.each(|mut entry| {
            let is_image = is_image(&entry);
            let platform = entry.platform();
            // Nothing more is asked of them, and each may have thousands.
            entry.annotations = None;
            match entry.kind() {
                MediaKind::Index if nested.len() <= MAX_INDEXES && may_hold(&entry, wanted) => {
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
                    let rank = wanted.rank(&platform).map(|rank| (is_unknown, rank));
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

/// Lists all manifests of an index, and those of the indexes within in their places.
pub(super) struct Listing<'l> {
    /// Brings what an entry names, verified.
    fetch: &'l mut dyn FnMut(&Descriptor) -> Result<Document, Error>,
    /// Takes a manifest, which may be an attestation.
    take: &'l mut dyn FnMut(&IndexEntry),
    /// How many indexes have been read, and how many manifests listed.
    read: usize,
    listed: usize,
}

impl<'l> Listing<'l> {
    /// Lists what is in `index`. What is not there, or is beyond what is read in search of one platform,
    /// is left out.
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
                // One that cannot be verified is left out, too.
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
            Ok(Document::Manifest(_)) | Err(Error::NotFound { .. } | Error::Layout { .. }) => {
                Ok(())
            }
            Err(Error::Manifest { why, .. }) if beyond(&why) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Checks a manifest that no index chose against its config. By default a pull is for this machine,
/// but an image for another one may be what is wanted: it is taken, with a warning.
pub(super) fn confirm(
    name: &str,
    image: &Image,
    wanted: &PlatformRequest,
    progress: Progress,
) -> Result<(), Error> {
    let Some(platform) = &image.platform else {
        return Ok(());
    };
    if wanted.rank(platform).is_some() {
        return Ok(());
    }
    if wanted.explicit {
        return Err(no_platform(name, wanted, vec![platform.clone()]));
    }
    progress.warn(format_args!(
        "{name} is for {platform}, and this machine is {}",
        wanted.platform
    ));
    Ok(())
}

/// Whether an entry is an image. Attestations look like images of `unknown/unknown`; entries of
/// other types are none of ours and no error (image-spec image-index.md: MUST NOT).
fn is_image(entry: &IndexEntry) -> bool {
    entry.kind() == MediaKind::Manifest && !entry.is_attestation()
}

/// An index that says what it is for is not read in vain.
fn may_hold(index: &IndexEntry, wanted: &PlatformRequest) -> bool {
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

fn no_platform(name: &str, wanted: &PlatformRequest, available: Vec<Platform>) -> Error {
    Error::NoPlatform {
        image: name.to_owned(),
        wanted: wanted.platform.clone(),
        available,
    }
}
