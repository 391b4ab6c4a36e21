//! The tags of a repository, page by page: distribution-spec, "Listing Tags".

use super::answer::Answer;
use super::endpoint::Endpoint;
use super::link::next_page;
use super::url::{Url, form_encoded};
use super::{MAX_MANIFEST, Registry};
use crate::error::{AnswerFault, Error};
use crate::oci::TagList;
use std::rc::Rc;

/// How many tags a page should have. Without a number, Quay and GHCR give 50 and 100; ECR takes no higher one.
const PER_PAGE: u64 = 1000;

/// How many pages are read: a registry could link from each page to another.
const MAX_PAGES: usize = 4096;

/// How long all tags together may be, in bytes.
const MAX_TAGS: usize = 16 << 20;

/// Which tags are wanted.
#[derive(Clone, Debug, Default)]
pub struct TagRange {
    /// How many at most.
    pub limit: Option<u64>,
    /// The tag after which the list begins, which need not exist.
    pub last: Option<String>,
}

/// The tags of a repository.
pub struct Tags {
    /// The tags in the order of the registry, a line feed behind each.
    pub lines: String,
    /// The first name in the list that is not a tag, if there is one.
    pub invalid: Option<String>,
    /// The mirror that gave the list, unless it was the registry itself.
    pub mirror: Option<String>,
}

impl Registry {
    /// The tags of the repository. All pages come from one host: a mirror and the registry may differ.
    pub fn tags(&self, range: &TagRange) -> Result<Tags, Error> {
        self.endpoints.first(|endpoint, retries| {
            let mut tags = Tags {
                lines: String::new(),
                invalid: None,
                mirror: endpoint.is_mirror().then(|| endpoint.host().to_owned()),
            };
            let mut next = Some(first_page(endpoint, range, true));
            for page in 0..MAX_PAGES {
                let Some(url) = next.take() else {
                    return Ok(tags);
                };
                let mut answer = endpoint.get(&url, MAX_MANIFEST, retries)?;
                // distribution refuses a number above its `maxtags` (PAGINATION_NUMBER_INVALID).
                if page == 0 && answer.status == 400 {
                    answer.discard();
                    let url = first_page(endpoint, range, false);
                    answer = endpoint.get(&url, MAX_MANIFEST, retries)?;
                }
                if answer.status != 200 {
                    return Err(endpoint.refused(answer));
                }
                let wrong = |why| Error::Answer {
                    url: url.to_string(),
                    why,
                };
                next = page_after(endpoint, &answer).map_err(wrong)?;
                let list = TagList::parse(&answer.bytes(MAX_MANIFEST)?);
                let list = list.ok_or_else(|| wrong(AnswerFault::NotTags))?;
                tags.lines += &list.lines;
                tags.invalid = tags.invalid.take().or(list.invalid);
                if tags.is_cut(range.limit) {
                    return Ok(tags);
                }
                if tags.lines.len() > MAX_TAGS || next.as_ref() == Some(&url) {
                    return Err(wrong(AnswerFault::EndlessTags));
                }
            }
            let url = first_page(endpoint, range, true).to_string();
            let why = AnswerFault::EndlessTags;
            Err(Error::Answer { url, why })
        })
    }
}

impl Tags {
    /// Cuts the list to `limit` tags; whether there is no need for more.
    fn is_cut(&mut self, limit: Option<u64>) -> bool {
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let Some(limit) = limit.filter(|limit| *limit > 0) else {
            return false;
        };
        let mut ends = self.lines.match_indices('\n').map(|(at, _)| at + 1);
        let Some(end) = ends.nth(limit - 1) else {
            return false;
        };
        self.lines.truncate(end);
        true
    }
}

fn first_page(endpoint: &Endpoint, range: &TagRange, is_numbered: bool) -> Url {
    let count = range.limit.map_or(PER_PAGE, |limit| limit.min(PER_PAGE));
    let count = is_numbered.then(|| format!("n={count}"));
    let last = range.last.as_ref();
    let last = last.map(|last| format!("last={}", form_encoded(last)));
    let query: Vec<_> = count.into_iter().chain(last).collect();
    endpoint.url(&match query.is_empty() {
        true => "tags/list".to_owned(),
        false => format!("tags/list?{}", query.join("&")),
    })
}

/// Where the next page is. Of the link, only path and query count, as for skopeo: a registry behind a proxy may
/// not know its own name or scheme, and one that names another host must not make us ask there.
fn page_after(endpoint: &Rc<Endpoint>, answer: &Answer) -> Result<Option<Url>, AnswerFault> {
    for header in answer.headers("link") {
        if let Some(target) = next_page(&header) {
            let url = answer.url.join(target).ok_or(AnswerFault::BrokenLink)?;
            return Ok(Some(endpoint.own(&url)));
        }
    }
    Ok(None)
}
