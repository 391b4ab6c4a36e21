//! Artifacts that belong to an image, such as its signatures: distribution-spec, "Listing Referrers".
//!
//! Unlike the image itself, they are missing on most mirrors and pull-through caches. So an answer of "none" from one host
//! says nothing about the next.

use super::http::response::Response;
use super::repository::Repository;
use super::{MAX_MANIFEST, Registry};
use crate::error::{Category, Error, Part};
use crate::oci::{ACCEPT, Bytes, Descriptor, Digest, INDEX_TYPE, referrers, referrers_tag};
use std::rc::Rc;

/// How many pages of a list are read, and how many of its entries are kept.
const MAX_PAGES: usize = 64;
const MAX_REFERRERS: usize = 4096;

/// The longest manifest of an artifact, in bytes. Old cosign adds 12 KiB for each signature.
pub const MAX_ARTIFACT: u64 = 4 << 20;

/// One host that may have artifacts.
pub struct ArtifactHost<'r> {
    repository: &'r Rc<Repository>,
    retries: u32,
}

impl Registry {
    /// The first thing that `look` finds: on a mirror, else in the registry itself.
    pub fn find_artifact<T>(
        &self,
        mut look: impl FnMut(&ArtifactHost<'_>) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        self.upstreams.find(|repository, retries| {
            look(&ArtifactHost {
                repository,
                retries,
            })
        })
    }
}

impl ArtifactHost<'_> {
    /// Host and port.
    pub fn name(&self) -> &str {
        self.repository.host()
    }

    /// The artifacts that belong to the manifest with this digest.
    pub fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let listed = match self.listed_referrers(subject) {
            Ok(listed) if listed.is_empty() => Ok(listed),
            Err(error) if error.category() == Category::Denied => Err(error),
            listed => return listed,
        };
        // A registry without the API returns 404. GHCR has also returned an empty list, while the list under the tag had
        // entries.
        match self.manifest(&referrers_tag(subject), None)? {
            Some(bytes) => Ok(self.parsed(&bytes)),
            None => listed,
        }
    }

    fn listed_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        // All pages together are no longer than one may be.
        let (mut all, mut left) = (Vec::new(), MAX_MANIFEST);
        let mut url = self.repository.url(&format!("referrers/{subject}"));
        for _ in 0..MAX_PAGES {
            let accept = [("accept", INDEX_TYPE)];
            let response = self
                .repository
                .get(&url, &accept, MAX_MANIFEST, self.retries)?;
            if response.status != 200 {
                // Registries of before OCI 1.1 return any of these for a path that they do not know.
                let is_unknown = matches!(response.status, 400 | 405 | 406 | 410 | 501);
                return self.missing(response, is_unknown).map(|()| all);
            }
            let next = self.repository.page_after(&response);
            let next = next.map_err(|why| why.at(&url))?;
            let page = response.bytes(MAX_MANIFEST)?;
            left = left.saturating_sub(page.len() as u64);
            all.extend(self.parsed(&page));
            all.truncate(MAX_REFERRERS);
            match next {
                Some(next) if next != url && all.len() < MAX_REFERRERS && left > 0 => url = next,
                _ => break,
            }
        }
        Ok(all)
    }

    /// The entries of a list. Some gateways return a page of HTML for any path.
    fn parsed(&self, list: &[u8]) -> Vec<Descriptor> {
        referrers(list).unwrap_or_else(|why| {
            let why = Error::manifest(format!("{}: referrers", self.name()), why);
            self.repository.detail(&why);
            Vec::new()
        })
    }

    /// The manifest of an artifact by its tag or digest, if there is one; if `wanted` is given, the one with that digest.
    pub fn manifest(
        &self,
        identifier: &str,
        wanted: Option<&Digest>,
    ) -> Result<Option<Bytes>, Error> {
        let what = format!("manifests/{identifier}");
        let accept = [("accept", ACCEPT)];
        let response = self.repository.send("GET", &what, &accept, self.retries)?;
        if response.status != 200 {
            return self.missing(response, false).map(|()| None);
        }
        let bytes = response.bytes(MAX_ARTIFACT)?;
        verified(Part::Manifest, wanted, bytes).map(Some)
    }

    /// The bytes of a small blob, if there is one. Larger ones than its descriptor says are an error.
    pub fn blob(&self, blob: &Descriptor) -> Result<Option<Bytes>, Error> {
        let url = self.repository.url(&format!("blobs/{}", blob.digest));
        let response = self.repository.get(&url, &[], blob.size, self.retries)?;
        if response.status != 200 {
            return self.missing(response, false).map(|()| None);
        }
        let bytes = response.bytes(blob.size)?;
        verified(Part::Blob, Some(&blob.digest), bytes).map(Some)
    }

    /// Succeeds if the response says that the object does not exist.
    fn missing(&self, response: Response, is_unknown: bool) -> Result<(), Error> {
        match self.repository.refused(response) {
            error if is_unknown || error.category() == Category::NotFound => Ok(()),
            error => Err(error),
        }
    }
}

fn verified(part: Part, wanted: Option<&Digest>, bytes: Vec<u8>) -> Result<Bytes, Error> {
    if let Some(wanted) = wanted {
        let actual = Digest::of(wanted.algorithm(), &bytes);
        Error::unless_equal(part, wanted, actual)?;
    }
    Ok(Bytes::new(bytes))
}
