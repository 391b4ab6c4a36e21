//! An HTTP request.

use super::url::Url;

/// A GET, HEAD, or POST with a form.
#[derive(Clone, Copy)]
pub(crate) struct Request<'q> {
    pub(crate) method: &'static str,
    pub(crate) url: &'q Url,
    pub(crate) headers: &'q [(&'static str, &'q str)],
    /// Sent only to the origin of `url`.
    pub(crate) authorization: Option<&'q str>,
    /// The body of a POST, sent only to the origin of `url`: it holds a secret.
    pub(crate) form: Option<&'q str>,
    /// How often the request is retried.
    pub(crate) retries: u32,
    /// If given, up to this many bytes of the body are read along with the headers, so that a body that
    /// breaks off is retried as well.
    pub(crate) whole: Option<u64>,
}

impl<'q> Request<'q> {
    /// A GET without credentials.
    pub(crate) fn get(url: &'q Url, retries: u32) -> Self {
        Self {
            method: "GET",
            url,
            headers: &[],
            authorization: None,
            form: None,
            retries,
            whole: None,
        }
    }
}
