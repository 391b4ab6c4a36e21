//! What refers to a manifest: distribution-spec, "Listing Referrers", as registries have it, or do not.

use super::http::{Request, Response};
use crate::support::image::oci;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How a registry answers to the referrers API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferrersApi {
    /// As registries of before OCI 1.1: 404.
    #[default]
    Missing,
    /// As GHCR: a list without entries, whatever there is.
    Empty,
    Listed,
    /// So many at once.
    Paged(usize),
}

/// By repository and digest.
#[derive(Default)]
pub(super) struct Referrers {
    pub(super) api: ReferrersApi,
    lists: BTreeMap<(String, String), Vec<Value>>,
}

impl Referrers {
    pub(super) fn add(&mut self, repository: &str, subject: &str, descriptor: Value) -> Vec<Value> {
        let key = (repository.to_owned(), subject.to_owned());
        let list = self.lists.entry(key).or_default();
        list.push(descriptor);
        list.clone()
    }

    pub(super) fn respond(&self, request: &Request, repository: &str, subject: &str) -> Response {
        let key = (repository.to_owned(), subject.to_owned());
        let all = self.lists.get(&key).map(Vec::as_slice).unwrap_or_default();
        let (page, next) = match self.api {
            ReferrersApi::Missing => {
                return Response::error(404, "MANIFEST_UNKNOWN", "manifest unknown");
            }
            ReferrersApi::Empty => (&[][..], None),
            ReferrersApi::Listed => (all, None),
            ReferrersApi::Paged(size) => {
                let from = request.target.rsplit_once("from=");
                let from: usize = from.map_or(0, |(_, from)| from.parse().unwrap());
                let to = all.len().min(from + size);
                (&all[from..to], (to < all.len()).then_some(to))
            }
        };
        let response = Response::new(200, oci::INDEX, list(page));
        match next {
            None => response,
            Some(next) => {
                let link =
                    format!("</v2/{repository}/referrers/{subject}?from={next}>; rel=\"next\"");
                response.with("Link", &link)
            }
        }
    }
}

/// An index of referrers.
pub(super) fn list(entries: &[Value]) -> String {
    json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": entries}).to_string()
}
