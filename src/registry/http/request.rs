//! An HTTP request.

use super::url::Url;

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Request<'q> {
    pub(crate) method: &'static str,
    pub(crate) url: &'q Url,
    pub(crate) headers: &'q [(&'static str, &'q str)],
    /// For the origin of `url` only.
    pub(crate) authorization: Option<&'q str>,
    /// The body of a POST, for the origin of `url` only: it holds a secret.
    pub(crate) form: Option<&'q str>,
    /// How often it is asked again.
    pub(crate) retries: u32,
    /// The body counts as part of the answer up to so many bytes: it is asked again if it breaks off.
    pub(crate) whole: Option<u64>,
}

impl<'q> Request<'q> {
    /// A GET, without anything else.
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
