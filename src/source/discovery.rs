//! Finds the signatures of an image.
//!
//! ```text
//! registry   for each digest, on a mirror, else in the registry itself:
//!               referrers API     else the referrers tag, after 404 and after an empty list
//!               sha256-HEX.sig    where cosign put them before version 3
//!            GitHub's store       for --built-by, if all that is not enough
//! layout     index.json           whatever has a subject, or the media type of a legacy signature
//! ```

use super::found_signature::{
    FoundSignature, SignatureArtifact, damage, is_announced, is_of_no_use,
};
use super::layout::Layout;
use super::ref_name::is_tag_of_digest;
use super::{Source, verified};
use crate::error::{Category, Error, ErrorKind, LayoutFault, Part};
use crate::oci::{Algorithm, Bytes, Descriptor, Digest, MANIFEST_TYPE, referrers_tag};
use crate::progress::Progress;
use crate::registry::{ArtifactHost, MAX_ARTIFACT};
use std::cell::Cell;
use std::collections::HashSet;

/// How many artifacts of one image are read: each takes a request or two.
const MAX_ARTIFACTS: usize = 64;

/// How many signatures of one place are tried. Everybody who may push there may add some, and other places may have a good one.
const MAX_TRIED: usize = 256;

/// How many blobs of one place are fetched. An archive takes along all that belongs to a signature.
const MAX_FETCHED: usize = 512;

/// What to look for.
pub(super) struct SignatureQuery<'q> {
    /// The documents that may have been signed, from the index down.
    pub(super) subjects: &'q [Descriptor],
    /// Whether everything that belongs to a signature is needed.
    pub(super) is_for_archive: bool,
    pub(super) progress: Progress,
    /// Whether signatures of something about the image count as well, such as those of SBOMs.
    pub(super) is_for_list: bool,
}

/// Receives a signature, and returns whether it was the last that is needed.
type Take<'t> = dyn FnMut(FoundSignature) -> bool + 't;

/// Gets a small blob, if it is there.
type FetchBlob<'f> = dyn Fn(&Descriptor) -> Result<Option<Bytes>, Error> + 'f;

impl Source<'_> {
    /// Passes signatures to `take` until it has enough.
    pub(super) fn find_signatures(
        &self,
        query: &SignatureQuery<'_>,
        take: &mut Take<'_>,
    ) -> Result<(), Error> {
        // A registry has what its mirrors have, and in a layout nothing says whose a legacy signature is.
        let mut seen = HashSet::new();
        let mut take = |found: FoundSignature| {
            let is_new = found.key().is_none_or(|key| seen.insert(key));
            is_new && take(found)
        };
        let take: &mut Take<'_> = &mut take;
        let cached = match self {
            Self::Layout(layout) => {
                let ask = |take: &mut Take<'_>| layout.find_signatures(query, take);
                return query.limited(take, ask).map(drop);
            }
            Self::Registry(cached) => cached,
        };
        // Without network, there is nobody to ask.
        let Some(registry) = &cached.fetch.registry else {
            return Ok(());
        };
        let found = registry.find_artifact(|host| {
            let is_enough = query.limited(take, |take| query.ask(host, take))?;
            // A mirror may lack signatures that the registry has.
            Ok(is_enough.then_some(()))
        });
        found.map(drop)
    }

    /// Passes the signatures that GitHub keeps for a demanded signer to `take`. Without a network, there are none.
    pub(super) fn find_at_github(
        &self,
        query: &SignatureQuery<'_>,
        (owner, repository): (&str, Option<&str>),
        take: &mut Take<'_>,
    ) -> Result<(), Error> {
        let Self::Registry(cached) = self else {
            return Ok(());
        };
        let Some(registry) = &cached.fetch.registry else {
            return Ok(());
        };
        let github = registry.github();
        let ask = |take: &mut Take<'_>| {
            for subject in query.subjects {
                let mut take = |json: &[u8]| {
                    let origin = "GitHub's attestations".to_owned();
                    let artifact = SignatureArtifact::of_bundle(origin, json, subject);
                    take_all(Some(artifact), take)
                };
                if github.find_bundle((owner, repository), &subject.digest, &mut take)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        query.limited(take, ask).map(drop)
    }
}

impl SignatureQuery<'_> {
    /// Asks one place for a limited number of signatures. Returns whether that was enough.
    fn limited(
        &self,
        take: &mut Take<'_>,
        ask: impl FnOnce(&mut Take<'_>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let (mut tried, mut is_enough) = (0, false);
        let mut take = |found| {
            tried += 1;
            is_enough = take(found);
            is_enough || tried == MAX_TRIED
        };
        ask(&mut take)?;
        if tried == MAX_TRIED && !is_enough {
            self.progress.warn(format_args!(
                "no more than {MAX_TRIED} signatures are tried"
            ));
        }
        Ok(is_enough)
    }

    /// Asks one host. Returns whether that was enough. Some registries refuse to list referrers, and have signatures under their
    /// tags all the same.
    fn ask(&self, host: &ArtifactHost<'_>, take: &mut Take<'_>) -> Result<bool, Error> {
        let fetched = Cell::new(0);
        let fetch = |blob: &Descriptor| {
            fetched.set(fetched.get() + 1);
            if fetched.get() > MAX_FETCHED {
                Ok(None)
            } else {
                host.blob(blob)
            }
        };
        let (mut found_any, mut refusal) = (false, None);
        let mut take = |found| {
            found_any = true;
            take(found)
        };
        for subject in self.subjects {
            let digest = &subject.digest;
            let listed = match host.referrers(digest) {
                Err(error) if error.category() == Category::Denied => {
                    refusal = Some(error);
                    Vec::new()
                }
                listed => listed?,
            };
            if self.ask_for_all((host, &fetch), digest, listed, &mut take)? {
                return Ok(true);
            }
            // The digits of a SHA-512 are too many for a tag.
            if digest.algorithm() == Algorithm::Sha256
                && self.ask_for_tag((host, &fetch), digest, &mut take)?
            {
                return Ok(true);
            }
        }
        match refusal {
            Some(error) if !found_any => Err(error),
            _ => Ok(false),
        }
    }

    fn ask_for_all(
        &self,
        (host, fetch): (&ArtifactHost<'_>, &FetchBlob<'_>),
        subject: &Digest,
        mut listed: Vec<Descriptor>,
        take: &mut Take<'_>,
    ) -> Result<bool, Error> {
        listed.retain(|entry| entry.size <= MAX_ARTIFACT);
        listed.retain(|entry| self.is_for_list || !is_of_no_use(entry));
        listed.sort_by_key(|entry| !is_announced(entry));
        if listed.len() > MAX_ARTIFACTS {
            let (count, host) = (listed.len(), host.name());
            self.progress.warn(format_args!(
                "{host}: {subject} has {count} referrers, of which {MAX_ARTIFACTS} are read"
            ));
        }
        for entry in listed.into_iter().take(MAX_ARTIFACTS) {
            let wanted = entry.digest.clone();
            let origin = format!("{}: referrer {wanted}", host.name());
            let artifact = match host.manifest(&wanted.to_string(), Some(&wanted)) {
                Ok(None) => None,
                Ok(Some(bytes)) => SignatureArtifact::read(
                    (origin, None),
                    (entry, bytes),
                    (subject, self.is_for_archive),
                    fetch,
                )?,
                Err(error) => {
                    let found = FoundSignature::damaged(damage(error)?, origin, entry, subject);
                    if take(found) {
                        return Ok(true);
                    }
                    None
                }
            };
            if take_all(artifact, take) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn ask_for_tag(
        &self,
        (host, fetch): (&ArtifactHost<'_>, &FetchBlob<'_>),
        digest: &Digest,
        take: &mut Take<'_>,
    ) -> Result<bool, Error> {
        let tag = format!("{}.sig", referrers_tag(digest));
        let Some(bytes) = host.manifest(&tag, None)? else {
            return Ok(false);
        };
        let origin = format!("{}: tag {tag}", host.name());
        let manifest = Descriptor::new(MANIFEST_TYPE, Digest::sha256(&bytes), bytes.len() as u64);
        let artifact = SignatureArtifact::read(
            (origin, Some(tag)),
            (manifest, bytes),
            (digest, self.is_for_archive),
            fetch,
        )?;
        Ok(take_all(artifact, take))
    }
}

impl Layout {
    fn find_signatures(
        &self,
        query: &SignatureQuery<'_>,
        take: &mut Take<'_>,
    ) -> Result<bool, Error> {
        for subject in query.subjects {
            let tag_of_subject = format!("{}.sig", referrers_tag(&subject.digest));
            for (entry, tag) in &self.artifacts {
                let is_of_other = tag
                    .as_ref()
                    .is_some_and(|tag| *tag != tag_of_subject && is_tag_of_digest(tag));
                if is_of_other || entry.size > MAX_ARTIFACT {
                    continue;
                }
                // Other images of the layout may be damaged: this one is not.
                let bytes = match self.small(entry) {
                    Err(error) if matches!(error.kind(), ErrorKind::Image(_)) => None,
                    read => read?,
                };
                let Some(bytes) = bytes else { continue };
                let origin = format!("{self}: {}", entry.digest);
                let artifact = SignatureArtifact::read(
                    (origin, tag.clone()),
                    (entry.clone(), bytes),
                    (&subject.digest, query.is_for_archive),
                    |blob| self.small(blob),
                )?;
                if take_all(artifact, take) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The bytes of a small blob, if the layout has it.
    fn small(&self, blob: &Descriptor) -> Result<Option<Bytes>, Error> {
        match self.bytes(blob) {
            Ok(bytes) => verified(blob, Part::Blob, bytes.into()).map(Some),
            Err(error) if is_missing_blob(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn take_all(artifact: Option<SignatureArtifact>, take: &mut Take<'_>) -> bool {
    let found = artifact.map(SignatureArtifact::signatures);
    found.into_iter().flatten().any(take)
}

fn is_missing_blob(error: &Error) -> bool {
    use LayoutFault::{Absent, MissingBlob};
    matches!(error.kind(), ErrorKind::Layout(error) if matches!(error.reason, MissingBlob(_) | Absent(_)))
}
