//! Parses the operand and the options of `tags`.

use super::args::{RawArgs, operands, value_of};
use super::grammar::TAGS;
use super::options::{name, progress};
use super::registry_options::options;
use crate::commands::{Command, ListTags};
use crate::error::{Error, Suggestion, ValueFault};
use crate::oci::{Reference, is_tag};
use crate::registry::TagRange;
use crate::source::ImageName;
use std::ffi::OsString;

pub(super) fn tags(
    mut args: RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Command, Error> {
    if args.help {
        return Ok(Command::Help(TAGS.help()));
    }
    let operands = operands(&TAGS, &mut args)?;
    let operand = value_of((&TAGS, "NAME"), operands.into_iter().next())?;
    Ok(Command::Tags(ListTags {
        repository: repository(&operand)?,
        range: range(&args)?,
        options: options(&args, &variable)?,
        progress: progress(&args, &variable),
    }))
}

/// A repository without a tag or digest: with one, the user may expect that tag alone.
fn repository(operand: &OsString) -> Result<Reference, Error> {
    let text = operand.to_string_lossy();
    match name(operand)? {
        ImageName::Local(_) => Err(ValueFault::NotInRegistry.of(&text)),
        ImageName::Registry(reference) if reference.names_repository() => Ok(reference),
        ImageName::Registry(reference) => {
            let line = format!("roots tags {}", reference.repository_name());
            let error = ValueFault::NotRepository.of(&text);
            Err(error.suggesting(Suggestion::Line(line)))
        }
    }
}

fn range(args: &RawArgs) -> Result<TagRange, Error> {
    let limit = |text: &String| {
        let limit = text.parse().ok().filter(|limit| *limit > 0);
        limit.ok_or_else(|| ValueFault::Count.of("--limit"))
    };
    let last = |text: &String| {
        let tag = Some(text.clone()).filter(|text| is_tag(text));
        tag.ok_or_else(|| ValueFault::Tag.of("--last"))
    };
    Ok(TagRange {
        limit: args.limit.as_ref().map(limit).transpose()?,
        last: args.last.as_ref().map(last).transpose()?,
    })
}
