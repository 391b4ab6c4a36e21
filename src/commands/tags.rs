//! `roots tags NAME`: the tags of a repository, one on each line.

use crate::error::{Error, ErrorKind, RegistryError, escaped};
use crate::oci::{Reference, tags_json};
use crate::progress::Progress;
use crate::registry::{self, Registry};

/// `roots tags NAME`
pub struct ListTags {
    /// Without a tag or digest.
    pub(crate) repository: Reference,
    pub(crate) range: registry::TagRange,
    pub(crate) options: registry::RegistryOptions,
    pub(crate) progress: Progress,
}

/// The longest invalid name that is shown whole, in characters.
const MAX_SHOWN: usize = 128;

impl ListTags {
    /// Prints the tags as lines, or as one JSON object.
    pub(super) fn run(&self) -> Result<String, Error> {
        let repository = &self.repository.repository_name();
        let registry = Registry::new(&self.repository, &self.options, self.progress)?;
        let tags = registry.tags(&self.range);
        let tags = tags.map_err(|error| without_tag(repository, error))?;
        let registry::TagPages {
            lines,
            invalid,
            mirror,
        } = tags;
        if let Some(mirror) = mirror {
            self.progress.step(format_args!(
                "{repository}: listed by the mirror {mirror}, which may lack tags"
            ));
        }
        if let Some(name) = invalid {
            let name: String = name.chars().take(MAX_SHOWN).collect();
            let name = escaped(&name);
            self.progress.warn(format_args!(
                "{repository}: skipped names that are not tags, such as `{name}`"
            ));
        }
        if lines.is_empty() {
            let after = self.range.last.as_ref();
            let after = after.map_or(String::new(), |last| format!(" after {last}"));
            self.progress
                .step(format_args!("{repository}: no tags{after}"));
        }
        Ok(if self.progress.is_json() {
            tags_json(repository, &lines)
        } else {
            lines
        })
    }
}

/// The error names the repository alone, since the user typed no tag.
fn without_tag(repository: &str, error: Error) -> Error {
    match error.into_kind() {
        ErrorKind::Registry(RegistryError::NotFound { message, .. }) => {
            RegistryError::NoRepository {
                repository: repository.to_owned(),
                message,
            }
            .into()
        }
        ErrorKind::Registry(RegistryError::Denied {
            host,
            message,
            credentials,
            ..
        }) => RegistryError::Denied {
            image: repository.to_owned(),
            host,
            message,
            credentials,
        }
        .into(),
        other => other.into(),
    }
}
