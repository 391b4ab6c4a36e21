//! The signatures that a copy of an image takes along.

use super::Source;
use super::chain::ChainLink;
use super::discovery::SignatureQuery;
use super::found_signature::SignatureArtifact;
use super::signature_check::SignatureCheck;
use crate::error::Error;
use crate::oci::{Descriptor, Digest};
use crate::progress::Progress;
use std::rc::Rc;

/// How many artifacts are copied, and how many bytes of them: everybody who may push to a registry may add some.
const MAX_COPIED: usize = 256;
const MAX_SIZE: u64 = 16 << 20;

/// Which signatures a copy of an image must have, and which it takes along.
pub(crate) struct CopiedSignatures<'s, 'p> {
    /// Those that are demanded. They are always taken along.
    pub(crate) check: Option<&'s mut SignatureCheck<'p>>,
    /// Whether to take along all others as well.
    pub(crate) all: bool,
}

impl CopiedSignatures<'_, '_> {
    /// The signatures of these documents, each of which leads to the next, and which of them are signed. If signatures are demanded,
    /// that is the first that is covered by all of them.
    pub(super) fn find(
        self,
        source: &Source<'_>,
        documents: &[ChainLink],
        progress: Progress,
    ) -> Result<(Vec<Rc<SignatureArtifact>>, Vec<Digest>), Error> {
        let subjects = documents.iter().map(|(descriptor, _)| descriptor.clone());
        let subjects: Vec<_> = subjects.collect();
        let accepted: Vec<_> = self
            .check
            .iter()
            .flat_map(|check| check.accepted())
            .collect();
        let artifacts = accepted.iter().map(|one| Rc::clone(&one.artifact));
        let mut artifacts: Vec<_> = artifacts.collect();
        if self.all {
            add_others(source, &subjects, &mut artifacts, progress)?;
        }
        // They may arrive in any order.
        artifacts.sort_by(|one, other| one.digest().cmp(other.digest()));
        artifacts.dedup_by(|one, other| one.digest() == other.digest());
        let signed = match &self.check {
            // A signature of a document covers what it leads to, and nothing above it.
            Some(check) => {
                let digests: Vec<_> = subjects.iter().map(|subject| &subject.digest).collect();
                let is_met_at = |end: &usize| check.is_met_by(&digests[..*end]);
                let end = (1..=subjects.len()).find(is_met_at);
                end.map(|end| digests[end - 1].clone())
                    .into_iter()
                    .collect()
            }
            None => artifacts.iter().map(|one| one.subject.clone()).collect(),
        };
        Ok((artifacts, signed))
    }
}

fn add_others(
    source: &Source<'_>,
    subjects: &[Descriptor],
    artifacts: &mut Vec<Rc<SignatureArtifact>>,
    progress: Progress,
) -> Result<(), Error> {
    let query = SignatureQuery {
        subjects,
        is_for_archive: true,
        is_for_list: true,
        progress,
    };
    let mut size = 0;
    let mut is_full = false;
    source.find_signatures(&query, &mut |found| {
        let artifact = &found.artifact;
        let is_new = artifacts
            .iter()
            .all(|other| other.digest() != artifact.digest());
        if !artifact.is_whole() {
            let origin = &artifact.origin;
            progress.warn(format_args!(
                "{origin}: not saved, since it cannot be read whole"
            ));
        } else if is_new {
            size += found.artifact.size();
            is_full = artifacts.len() == MAX_COPIED || size > MAX_SIZE;
            if !is_full {
                artifacts.push(found.artifact);
            }
        }
        is_full
    })?;
    if is_full {
        progress.warn(format_args!(
            "{source}: not all signatures are saved: there are more than {MAX_COPIED}, or of more than 16 MiB"
        ));
    }
    Ok(())
}
