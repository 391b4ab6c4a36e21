//! HTTP as registries speak it: requests, redirects, retries, responses.

pub(super) mod address;
pub(super) mod client;
pub(super) mod link;
mod pending_request;
mod redirect;
pub(super) mod request;
pub(super) mod response;
pub(super) mod retry;
pub(super) mod url;
