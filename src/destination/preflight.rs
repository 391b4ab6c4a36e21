//! What a pull would do to DEST, and what prevents it. Nothing is written or locked: a dry run must
//! not make another pull fail.

use super::in_use::Removed;
use super::keep_old::KeepOldTarget;
use super::path::is_directly_below_root;
use super::{Existing, Plan, staging};
use crate::error::{DestinationError, DestinationFault, Error, Replaceable};
use crate::sys::{Dir, has_mounts_below};
use std::path::Path;

/// What would become of DEST.
pub(crate) struct Preflight {
    /// What would happen to it.
    pub(crate) action: Action,
    /// Where the tree would grow, or the nearest folder above that exists.
    pub(crate) place: Dir,
    /// Whether what `--keep-old` has kept before would be removed.
    pub(crate) removes_kept: bool,
}

/// What happens to DEST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It is made.
    Created,
    /// It is an empty folder.
    Filled,
    /// It is an empty folder that cannot be renamed, for this reason.
    InPlace(DestinationFault),
    /// There is something in it.
    Replaced,
}

/// DEST, which may be filled or replaced.
pub(super) struct CheckedDestination {
    /// Why it cannot be renamed, if so.
    pub(super) in_use: Option<DestinationFault>,
    pub(super) is_empty: bool,
    /// Where the old tree goes.
    pub(super) kept: Option<KeepOldTarget>,
}

impl Preflight {
    /// Looks what a pull into `found` would do.
    pub(crate) fn of(found: &Existing, plan: &Plan<'_>) -> Result<Self, Error> {
        let checked = check(found, plan)?;
        let path = found.path();
        let (action, place) = match (checked.in_use, found.dir()?) {
            (Some(why), Some(dir)) => (Action::InPlace(why), dir),
            (_, dir) => {
                staging::check(found.place())?;
                let nearest = found.place().above.open_dir();
                let action = match dir {
                    None => Action::Created,
                    Some(_) if checked.is_empty => Action::Filled,
                    Some(_) => Action::Replaced,
                };
                let parent = path.parent().unwrap_or(path);
                (action, nearest.map_err(|e| Error::io("open", parent, e))?)
            }
        };
        place.check_writable().map_err(|e| {
            let outermost = path.ancestors().nth(found.place().missing.len());
            Error::io("create", outermost.unwrap_or(path), e)
        })?;
        let kept = checked.kept.as_ref();
        let removes_kept = kept.is_some_and(|kept| kept.replaced.is_some());
        Ok(Self {
            action,
            place,
            removes_kept,
        })
    }
}

impl Action {
    /// In a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Filled | Self::InPlace(_) => "filled",
            Self::Replaced => "replaced",
        }
    }
}

/// Checks whether a pull may have DEST.
pub(super) fn check(found: &Existing, plan: &Plan<'_>) -> Result<CheckedDestination, Error> {
    let path = found.path();
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
    let in_use = found.in_use()?;
    let obstacle = in_use.or_else(|| obstacle(path, plan));
    match obstacle {
        Some(why) if plan.replace => return refused(why),
        _ => {}
    }
    let is_empty = found.is_empty(in_use.is_some())?;
    if !is_empty && !plan.replace {
        return Err(DestinationError::NotEmpty {
            path: found.typed().to_owned(),
            replaceable: match (obstacle, plan.hint) {
                (Some(why), _) => Replaceable::Never(why),
                (None, Replaceable::WithForce) if found.record().is_some() => Replaceable::Recorded,
                (None, hint) => hint,
            },
        }
        .into());
    }
    if !is_empty && plan.keep_old.is_none() {
        let is_kept = false;
        Removed { path, is_kept }.check(found)?;
    }
    let kept = plan.keep_old.filter(|_| !is_empty);
    let kept = kept.map(|keep| KeepOldTarget::prepare(keep, found, plan));
    Ok(CheckedDestination {
        in_use,
        is_empty,
        kept: kept.transpose()?,
    })
}

/// Why what is at `path` cannot be replaced, other than that it is in use.
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
