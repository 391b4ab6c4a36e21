//! What a registry keeps: manifests by tag and digest, blobs by digest, each in its repository.

use super::http::{Request, Response};
use crate::support::image::{docker, oci, sha256};
use std::collections::BTreeMap;

/// All repositories of a registry.
#[derive(Default)]
pub(super) struct Store {
    repositories: BTreeMap<String, Repository>,
    /// How many tags a page has at most, whatever was asked for.
    pub(super) tags_per_page: Option<usize>,
}

#[derive(Default)]
struct Repository {
    /// By tag or digest, whatever it was put under: media type and bytes.
    manifests: BTreeMap<String, (String, Vec<u8>)>,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Store {
    pub(super) fn put_manifest(
        &mut self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) {
        let manifests = &mut self
            .repositories
            .entry(repository.to_owned())
            .or_default()
            .manifests;
        let manifest = (media_type.to_owned(), bytes.to_vec());
        if !reference.contains(':') {
            manifests.insert(sha256(bytes), manifest.clone());
        }
        manifests.insert(reference.to_owned(), manifest);
    }

    pub(super) fn put_blob(&mut self, repository: &str, digest: &str, bytes: &[u8]) {
        let blobs = &mut self
            .repositories
            .entry(repository.to_owned())
            .or_default()
            .blobs;
        blobs.insert(digest.to_owned(), bytes.to_vec());
    }

    pub(super) fn drop_blob(&mut self, repository: &str, digest: &str) {
        let blobs = self
            .repositories
            .get_mut(repository)
            .map(|repository| &mut repository.blobs);
        assert!(
            blobs.is_some_and(|blobs| blobs.remove(digest).is_some()),
            "no blob {digest} in {repository}"
        );
    }

    pub(super) fn manifest(
        &self,
        request: &Request,
        repository: &str,
        reference: &str,
    ) -> Response {
        let Some(manifests) = self
            .repositories
            .get(repository)
            .map(|repository| &repository.manifests)
        else {
            return Response::error(404, "NAME_UNKNOWN", "repository name not known to registry");
        };
        let Some((media_type, bytes)) = manifests.get(reference) else {
            return Response::error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        };
        if let Some(refusal) = refusal(media_type, &request.header("accept").unwrap_or_default()) {
            return Response::error(404, "MANIFEST_UNKNOWN", &refusal);
        }
        Response::new(200, media_type, bytes.clone()).with("Docker-Content-Digest", &sha256(bytes))
    }

    pub(super) fn blob(&self, request: &Request, repository: &str, digest: &str) -> Response {
        let Some(blobs) = self
            .repositories
            .get(repository)
            .map(|repository| &repository.blobs)
        else {
            return Response::error(404, "NAME_UNKNOWN", "repository name not known to registry");
        };
        let Some(bytes) = blobs.get(digest) else {
            return match is_digest(digest) {
                true => Response::error(404, "BLOB_UNKNOWN", "blob unknown to registry"),
                false => Response::error(400, "DIGEST_INVALID", "provided digest is not a digest"),
            };
        };
        ranged(bytes, request.header("range").as_deref()).with("Docker-Content-Digest", digest)
    }

    /// As distribution pages: `n` tags behind `last`, and a Link without a host where there are more.
    pub(super) fn tags(&self, request: &Request, repository: &str) -> Response {
        let Some(found) = self.repositories.get(repository) else {
            return Response::error(404, "NAME_UNKNOWN", "repository name not known to registry");
        };
        let tags: Vec<_> = found
            .manifests
            .keys()
            .filter(|reference| !reference.contains(':'))
            .filter(|tag| request.query("last").iter().all(|last| *tag > last))
            .collect();
        let asked = request.query("n").first().and_then(|n| n.parse().ok());
        let count = self.tags_per_page.into_iter().chain(asked).min();
        let page = &tags[..count.map_or(tags.len(), |count: usize| count.min(tags.len()))];
        let body = serde_json::json!({"name": repository, "tags": page}).to_string();
        let response = Response::new(200, "application/json", body);
        match (page.last(), count) {
            (Some(last), Some(count)) if page.len() < tags.len() => response.with(
                "Link",
                &format!("</v2/{repository}/tags/list?last={last}&n={count}>; rel=\"next\""),
            ),
            _ => response,
        }
    }
}

/// Why a manifest of this type is not given to a client with this Accept header. `*/*` does not count: neither does it
/// on GHCR. Types that are none of the four, such as schema 1, go to everybody, as from Docker's registry.
fn refusal(media_type: &str, accept: &str) -> Option<String> {
    let bare = |text: &str| {
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    let media_type = bare(media_type);
    let (kind, kinds) = match media_type.as_str() {
        oci::INDEX => ("OCI index", "OCI indexes"),
        oci::MANIFEST => ("OCI manifest", "OCI manifests"),
        docker::LIST => ("Docker manifest list", "Docker manifest lists"),
        docker::MANIFEST => ("Docker manifest", "Docker manifests"),
        _ => return None,
    };
    let accepted = accept
        .split(',')
        .any(|accepted| bare(accepted) == media_type);
    (!accepted).then(|| format!("{kind} found, but Accept header does not support {kinds}"))
}

/// All of it, or the one range asked for (RFC 9110 14.2); what is no valid range is ignored, as it has to be.
fn ranged(bytes: &[u8], range: Option<&str>) -> Response {
    const MEDIA_TYPE: &str = "application/octet-stream";
    let size = bytes.len();
    let Some((first, last)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'))
    else {
        return Response::new(200, MEDIA_TYPE, bytes);
    };
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
        (Ok(first), Err(_)) if last.is_empty() => (first, size.saturating_sub(1)),
        (Err(_), Ok(suffix)) if first.is_empty() && size > 0 => {
            (size.saturating_sub(suffix), size - 1)
        }
        _ => return Response::new(200, MEDIA_TYPE, bytes),
    };
    if first >= size {
        let refusal = Response::error(416, "RANGE_INVALID", "invalid content range");
        return refusal.with("Content-Range", &format!("bytes */{size}"));
    }
    Response::new(206, MEDIA_TYPE, &bytes[first..=last])
        .with("Content-Range", &format!("bytes {first}-{last}/{size}"))
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return false,
        };
        hex.len() == length
            && hex
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}
