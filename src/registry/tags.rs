//! The tags of a repository, page by page: distribution-spec, "Listing Tags".

use super::Registry;
use super::http::response::Response;
use super::http::url::{Url, form_encoded};
use super::repository::Repository;
use crate::error::{Error, ResponseFault};
use crate::oci::TagList;
use std::rc::Rc;

/// How many tags to request per page. Without a number, Quay and GHCR send 50 and 100; ECR accepts
/// no higher one.
const PER_PAGE: u64 = 1000;

/// How many pages are read: a registry could link pages without end.
const MAX_PAGES: usize = 4096;

/// The maximum length of all tags together, in bytes: as long as one page, whether a registry has
/// pages or not.
const MAX_TAGS: usize = 32 << 20;

/// The maximum length of a page, in bytes: registries without paging send all tags at once, quoted
/// and comma-separated.
const MAX_PAGE: u64 = 32 << 20;

/// Which tags to list.
#[derive(Clone, Debug, Default)]
pub struct TagRange {
    /// The maximum number of tags.
    pub limit: Option<u64>,
    /// The tag after which the list begins; it need not exist.
    pub last: Option<String>,
}

/// The tags of a repository.
pub struct TagPages {
    /// The tags in the order of the registry, each followed by a line feed.
    pub lines: String,
    /// The first listed name that is not a valid tag, if any.
    pub invalid: Option<String>,
    /// The mirror that sent the list, unless it was the registry itself.
    pub mirror: Option<String>,
}

impl Registry {
    /// Lists the tags. All pages come from one host, as a mirror and the registry may differ.
    pub fn tags(&self, range: &TagRange) -> Result<TagPages, Error> {
        self.upstreams.try_each(|repository, retries| {
            let mut tags = TagPages {
                lines: String::new(),
                invalid: None,
                mirror: repository.is_mirror().then(|| repository.host().to_owned()),
            };
            let mut page = TagPage::first(repository, range, retries)?;
            if let Some(last) = &range.last {
                page.skip(last, || {
                    TagPage::first(repository, &TagRange::default(), retries)
                })?;
            }
            let limit = range.limit.and_then(|limit| usize::try_from(limit).ok());
            let mut left = limit.unwrap_or(usize::MAX);
            let mut pages = 1;
            loop {
                left -= page.list.cut(left);
                tags.lines += &page.list.lines;
                tags.invalid = tags.invalid.take().or(page.list.invalid);
                if tags.lines.len() > MAX_TAGS {
                    return Err(ResponseFault::TooManyTags.at(&page.url));
                }
                let Some(next) = page.next.filter(|_| left > 0) else {
                    return Ok(tags);
                };
                if pages == MAX_PAGES || next == page.url {
                    return Err(ResponseFault::EndlessTags.at(&page.url));
                }
                let response = repository.get(&next, &[], MAX_PAGE, retries)?;
                page = TagPage::read(repository, &next, response).map_err(|error| {
                    // The repository is there: its first page was.
                    if error.is_not_served() {
                        ResponseFault::NoNextPage.at(&next)
                    } else {
                        error
                    }
                })?;
                pages += 1;
            }
        })
    }
}

/// One page of the list.
struct TagPage {
    url: Url,
    list: TagList,
    next: Option<Url>,
}

impl TagPage {
    fn first(repository: &Rc<Repository>, range: &TagRange, retries: u32) -> Result<Self, Error> {
        let url = first_page(repository, range, true);
        let response = repository.get(&url, &[], MAX_PAGE, retries)?;
        // distribution rejects a number above its `maxtags` (PAGINATION_NUMBER_INVALID).
        if response.status != 400 {
            return Self::read(repository, &url, response);
        }
        response.discard();
        let url = first_page(repository, range, false);
        Self::read(
            repository,
            &url,
            repository.get(&url, &[], MAX_PAGE, retries)?,
        )
    }

    fn read(repository: &Rc<Repository>, url: &Url, response: Response) -> Result<Self, Error> {
        if response.status != 200 {
            return Err(repository.refused(response));
        }
        let next = repository
            .page_after(&response)
            .map_err(|why| why.at(url))?;
        let list = TagList::parse(&response.bytes(MAX_PAGE)?);
        let list = list.ok_or_else(|| ResponseFault::NotATagList.at(url))?;
        let url = url.clone();
        Ok(Self { url, list, next })
    }

    /// Drops the tags up to `last` if the registry ignored that parameter. distribution before 3.0
    /// has no paging, and sends all tags in the order of its disk.
    fn skip(&mut self, last: &str, all: impl FnOnce() -> Result<Self, Error>) -> Result<(), Error> {
        let list = &mut self.list;
        if list.drop_through(last) || self.next.is_some() || list.all_sort_after(last) {
            return Ok(());
        }
        // Either the registry has its own order, or it ignored a tag that does not exist.
        if all()?.list.lines == list.lines {
            list.retain_after(last);
        }
        Ok(())
    }
}

fn first_page(repository: &Repository, range: &TagRange, is_numbered: bool) -> Url {
    let count = range.limit.map_or(PER_PAGE, |limit| limit.min(PER_PAGE));
    let count = is_numbered.then(|| format!("n={count}"));
    let last = range.last.as_ref();
    let last = last.map(|last| format!("last={}", form_encoded(last)));
    let query: Vec<_> = count.into_iter().chain(last).collect();
    repository.url(&if query.is_empty() {
        "tags/list".to_owned()
    } else {
        format!("tags/list?{}", query.join("&"))
    })
}
