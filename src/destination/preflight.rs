//! What a pull would do to DEST, and what prevents it. Nothing is written or locked, so that a dry run does
//! not make another pull fail.

use super::in_use::Removed;
use super::keep_old::KeepOldTarget;
use super::path::is_directly_below_root;
use super::{Existing, Plan, staging};
use crate::error::{DestinationError, DestinationFault, Error, Replaceable};
use crate::sys::{Dir, has_mounts_below};
use std::path::Path;

/// What a pull would do to DEST.
pub(crate) struct Preflight {
    pub(crate) action: Action,
    /// DEST, if it is filled in place, or else its nearest parent that exists.
    pub(crate) folder: Dir,
    /// Whether the tree in the place of `--keep-old` would be removed.
    pub(crate) removes_kept: bool,
}

/// What a pull does to DEST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// DEST does not exist.
    Created,
    /// DEST is an empty folder.
    Filled,
    /// DEST is an empty folder that cannot be renamed, for this reason.
    InPlace(DestinationFault),
    /// DEST is a folder with contents.
    Replaced,
}

/// A DEST that may be filled or replaced.
pub(super) struct CheckedDestination {
    /// Why it cannot be renamed, if it cannot.
    pub(super) in_use: Option<DestinationFault>,
    pub(super) is_empty: bool,
    /// Where the old tree will be kept.
    pub(super) kept: Option<KeepOldTarget>,
}

impl Preflight {
    /// Makes the checks of a pull into DEST.
    pub(crate) fn of(existing: &Existing, plan: &Plan<'_>) -> Result<Self, Error> {
        let checked = check(existing, plan)?;
        let path = existing.path();
        let (action, folder) = match (checked.in_use, existing.dir()?) {
            (Some(why), Some(dir)) => (Action::InPlace(why), dir),
            (_, dir) => {
                staging::check(existing.location())?;
                let nearest = existing.location().above.open_dir();
                let action = match dir {
                    None => Action::Created,
                    Some(_) if checked.is_empty => Action::Filled,
                    Some(_) => Action::Replaced,
                };
                let parent = path.parent().unwrap_or(path);
                (action, nearest.map_err(|e| Error::io("open", parent, e))?)
            }
        };
        folder.check_writable().map_err(|e| {
            let outermost = path.ancestors().nth(existing.location().missing.len());
            Error::io("create", outermost.unwrap_or(path), e)
        })?;
        let kept = checked.kept.as_ref();
        let removes_kept = kept.is_some_and(|kept| kept.replaced.is_some());
        Ok(Self {
            action,
            folder,
            removes_kept,
        })
    }
}

impl Action {
    /// For the report.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Filled | Self::InPlace(_) => "filled",
            Self::Replaced => "replaced",
        }
    }
}

/// Checks whether a pull may fill or replace DEST.
pub(super) fn check(existing: &Existing, plan: &Plan<'_>) -> Result<CheckedDestination, Error> {
    let path = existing.path();
    let refused = |reason: DestinationFault| Err(reason.at(path));
    if path.parent().is_none() {
        return refused(DestinationFault::SystemRoot);
    }
    if plan
        .cache
        .as_ref()
        .is_some_and(|cache| path.starts_with(cache))
    {
        return refused(DestinationFault::InCache);
    }
    let in_use = existing.in_use()?;
    let obstacle = in_use.or_else(|| obstacle(path, plan));
    match obstacle {
        Some(why) if plan.replace => return refused(why),
        _ => {}
    }
    let is_empty = existing.is_empty(in_use.is_some())?;
    if !is_empty && !plan.replace {
        return Err(DestinationError::NotEmpty {
            path: existing.typed().to_owned(),
            replaceable: match (obstacle, plan.hint) {
                (Some(why), _) => Replaceable::Never(why),
                (None, Replaceable::WithForce) if existing.record().is_some() => {
                    Replaceable::Recorded
                }
                (None, hint) => hint,
            },
        }
        .into());
    }
    if !is_empty && plan.keep_old.is_none() {
        let is_kept = false;
        Removed { path, is_kept }.check(existing)?;
    }
    let kept = plan.keep_old.filter(|_| !is_empty);
    let kept = kept.map(|keep| KeepOldTarget::prepare(keep, existing, plan));
    Ok(CheckedDestination {
        in_use,
        is_empty,
        kept: kept.transpose()?,
    })
}

/// Why `path` cannot be replaced, apart from being in use.
pub(super) fn obstacle(path: &Path, plan: &Plan<'_>) -> Option<DestinationFault> {
    let needed = plan
        .needed
        .iter()
        .find(|(needed, _)| needed.starts_with(path));
    match needed {
        Some((_, why)) => Some(*why),
        None if has_mounts_below(path) => Some(DestinationFault::MountInside),
        None if is_directly_below_root(path) => Some(DestinationFault::BelowSystemRoot),
        None => None,
    }
}
