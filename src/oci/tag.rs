//! Tags and lists of tags: distribution-spec, "Pulling manifests" and "Listing Tags".

use super::bounds::Each;
use crate::escape::json_line;
use serde::{Deserialize, Deserializer, Serialize};

/// Whether a text is a valid tag: letters, digits and `_.-`, not starting with a dot or hyphen.
pub fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

/// The tags of one page, in the order of the registry.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TagList {
    /// The tags, each followed by a line feed: as separate strings, a page of short tags would take
    /// ten times its size in memory.
    pub lines: String,
    /// The first name that is not a valid tag, if any. Such a name cannot be pulled, and could
    /// contain terminal escape sequences or line breaks.
    pub invalid: Option<String>,
}

/// The response body. Google's registries add a description of each manifest, which is skipped.
#[derive(Deserialize)]
struct TagListPage {
    /// `null` for a repository without tags, as Go's encoder writes an empty list.
    #[serde(deserialize_with = "tags_or_null")]
    tags: TagList,
}

impl TagList {
    /// Parses the body of a response; None if it is not a list of tags.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let page: TagListPage = serde_json::from_slice(json).ok()?;
        Some(page.tags)
    }

    /// Truncates the list to `limit` tags, and returns how many remain.
    pub fn cut(&mut self, limit: usize) -> usize {
        let (mut count, mut end) = (0, 0);
        for line in self.lines.split_inclusive('\n').take(limit) {
            count += 1;
            end += line.len();
        }
        self.lines.truncate(end);
        count
    }

    /// Drops the tags up to and including `tag`; false if it is not in the list.
    pub fn drop_through(&mut self, tag: &str) -> bool {
        let mut end = 0;
        let found = self.lines.split_inclusive('\n').any(|line| {
            end += line.len();
            line.trim_end() == tag
        });
        if found {
            self.lines.drain(..end);
        }
        found
    }

    /// Whether all tags sort after `tag`, as ASCII.
    pub fn all_sort_after(&self, tag: &str) -> bool {
        self.lines.lines().all(|line| line > tag)
    }

    /// Keeps only the tags that sort after `tag`, as ASCII.
    pub fn retain_after(&mut self, tag: &str) {
        let lines = self.lines.split_inclusive('\n');
        self.lines = lines.filter(|line| line.trim_end() > tag).collect();
    }
}

/// The output of `roots tags --json`.
#[derive(Serialize)]
struct TagsReport<'t> {
    repository: &'t str,
    tags: Vec<&'t str>,
}

/// A line of JSON with the tags in `lines`.
pub fn tags_json(repository: &str, lines: &str) -> String {
    let tags = lines.lines().collect();
    json_line(&TagsReport { repository, tags })
}

fn tags_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TagList, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl<'de> Deserialize<'de> for TagList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Self::default();
        let each = Each::new(|name: String| {
            if is_tag(&name) {
                list.lines += &name;
                list.lines.push('\n');
            } else if list.invalid.is_none() {
                list.invalid = Some(name);
            }
            true
        });
        deserializer.deserialize_seq(each)?;
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_keep_their_order_and_an_empty_list_may_be_null() {
        for (json, lines) in [
            (r#"{"name":"a","tags":["b","a","b"]}"#, "b\na\nb\n"),
            (r#"{"tags":[],"manifest":{"sha256:x":{"tag":["c"]}}}"#, ""),
            (r#"{"name":"a","tags":null}"#, ""),
        ] {
            let list = TagList::parse(json.as_bytes()).unwrap();
            assert_eq!((list.lines.as_str(), list.invalid), (lines, None), "{json}");
        }
        for json in [
            "",
            "[]",
            "null",
            "{}",
            r#"{"tags":{}}"#,
            r#"{"tags":[1]}"#,
            r#"{"tags":["a""#,
        ] {
            assert_eq!(TagList::parse(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn a_name_that_is_not_a_tag_is_not_a_line() {
        let long = "x".repeat(129);
        for bad in [
            "",
            "a b",
            "a\\nb",
            ".a",
            "-a",
            "\\u001b[2J",
            "ä",
            "a/b",
            "a:b",
            &long,
        ] {
            let json = format!(r#"{{"tags":["1","{bad}","2"]}}"#);
            let list = TagList::parse(json.as_bytes()).unwrap();
            assert_eq!(list.lines, "1\n2\n", "{bad}");
            assert!(list.invalid.is_some(), "{bad}");
        }
    }
}
