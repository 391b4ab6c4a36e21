//! One member of an archive.

use super::MAX_LINKS;
use super::quota::{Exceeded, Quota};
use crate::error::{Absence, EntryFault, LinkFault};
use crate::tarball::{Entries, EntryKind, LayerPath};
use std::ffi::CStr;
use std::io::BufRead;

/// A member, as its header describes it.
pub(super) struct Member {
    /// The normalised path: `blobs/sha256/0123`.
    pub(super) name: String,
    pub(super) kind: MemberKind,
}

pub(super) enum MemberKind {
    /// A file with contents of this size.
    File(u64),
    /// A link to this member: old versions of `docker save` wrote a repeated layer as a link.
    Link(String),
    /// A symlink to this path outside the archive.
    Outside(String),
    /// Nothing that could be part of an image.
    Other,
}

impl MemberKind {
    /// Whether it replaces an earlier member with the same name: of two files, the first one
    /// counts.
    pub(super) fn replaces(&self, earlier: &Self) -> bool {
        let may_hold = |kind: &Self| matches!(kind, Self::File(_) | Self::Link(_));
        may_hold(self) && !may_hold(earlier)
    }
}

impl Member {
    /// Counts it. Returns whether its names are short enough to be stored.
    pub(super) fn count(&self, quota: &mut Quota) -> Result<bool, Exceeded> {
        match &self.kind {
            MemberKind::Link(target) => quota.count(&[&self.name, target]),
            MemberKind::File(_) | MemberKind::Outside(_) | MemberKind::Other => {
                quota.count(&[&self.name])
            }
        }
    }

    /// Reads the next header, and leaves `tar` at the start of the contents.
    pub(super) fn read(tar: &mut dyn BufRead) -> Result<Option<Self>, EntryFault> {
        let Some(entry) = Entries::new(tar).advance()? else {
            return Ok(None);
        };
        let name = joined(&entry.path);
        let kind = match entry.kind {
            // Its contents are not contiguous.
            EntryKind::File { holes: Some(_), .. } => return Err(EntryFault::Sparse),
            EntryKind::File { size, .. } => MemberKind::File(size),
            EntryKind::HardLink { target } => MemberKind::Link(joined(&target)),
            EntryKind::Symlink { target } => {
                let outside = || MemberKind::Outside(target.to_string_lossy().into_owned());
                beside(&name, &target).map_or_else(outside, MemberKind::Link)
            }
            _ => MemberKind::Other,
        };
        Ok(Some(Self { name, kind }))
    }
}

/// Follows links from `name` to a file: its name, and what `find` returned for it.
pub(super) fn follow<'m, M>(
    name: &'m str,
    find: impl Fn(&str) -> Option<(&'m MemberKind, M)>,
) -> Result<(&'m str, u64, M), Absence> {
    let link = |target: &str, why| Absence::Link {
        name: name.to_owned(),
        target: target.to_owned(),
        reason: why,
    };
    let mut at = name;
    for number in 0..=MAX_LINKS {
        match find(at) {
            Some((MemberKind::File(size), more)) => return Ok((at, *size, more)),
            Some((MemberKind::Link(target), _)) => at = target,
            Some((MemberKind::Outside(target), _)) => return Err(link(target, LinkFault::Outside)),
            None if number == 0 => return Err(Absence::Missing(name.to_owned())),
            Some((MemberKind::Other, _)) if number == 0 => {
                return Err(Absence::NotAFile(name.to_owned()));
            }
            None => return Err(link(at, LinkFault::Dangling)),
            Some((MemberKind::Other, _)) => return Err(link(at, LinkFault::NotAFile)),
        }
    }
    Err(link(at, LinkFault::TooMany))
}

fn joined(path: &LayerPath) -> String {
    let components = path.as_parents().components();
    let components: Vec<_> = components.map(CStr::to_string_lossy).collect();
    components.join("/")
}

/// The target of a symlink at `name`, if it is inside the archive.
fn beside(name: &str, target: &CStr) -> Option<String> {
    let target = target
        .to_str()
        .ok()
        .filter(|target| !target.starts_with('/'))?;
    let mut way: Vec<_> = name.split('/').collect();
    way.pop();
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." => drop(way.pop()?),
            name => way.push(name),
        }
    }
    Some(way.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_member_or_nowhere() {
        for (name, target, wanted) in [
            ("a/layer.tar", c"../b/layer.tar", Some("b/layer.tar")),
            ("a", c"b", Some("b")),
            ("a/b", c"./c//d", Some("a/c/d")),
            ("a", c"../b", None),
            ("a/b", c"/etc/passwd", None),
        ] {
            assert_eq!(beside(name, target).as_deref(), wanted, "{target:?}");
        }
    }
}
