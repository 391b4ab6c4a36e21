//! Resolves a path through symlinks, component by component, without leaving the tree.
//!
//! `lib -> /usr/lib` leads to the tree's own `usr/lib` (usrmerge), and `..` stops at the root. The
//! target of each symlink can have thousands of components, and lead through hundreds of other such
//! symlinks: 4 kB caused half a million steps. So both are counted, for all callers.

use crate::error::EntryFault;
use crate::tarball::Parents;
use std::borrow::Cow;
use std::ffi::{CStr, CString};

/// How many symlinks a path may lead through. Linux allows 40, but images are not bound by that.
const MAX_LINKS: usize = 255;

/// How many components may be resolved for one path, including those of symlinks: the path itself
/// can have 4,096, and a symlink 2,047.
const MAX_STEPS: usize = 16_384;

/// The rest of a path to resolve.
pub(crate) struct PathWalk<'p> {
    names: Box<dyn Iterator<Item = &'p CStr> + 'p>,
    /// Components from symlinks, which come before the next component of the path; last first.
    detour: Vec<CString>,
    links: usize,
    pub(super) taken: usize,
    is_named: bool,
}

/// The limit that a path exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooFar {
    Links,
    Steps,
}

impl<'p> PathWalk<'p> {
    pub(crate) fn new(path: Parents<'p>) -> Self {
        Self {
            names: Box::new(path.components()),
            detour: Vec::new(),
            links: 0,
            taken: 0,
            is_named: false,
        }
    }

    /// The next component, which may be `..`, but only from a symlink.
    pub(crate) fn advance(&mut self) -> Option<Cow<'p, CStr>> {
        let next = match self.detour.pop() {
            Some(name) => Some(Cow::Owned(name)),
            None => self.names.next().map(Cow::Borrowed),
        };
        self.is_named = matches!(next, Some(Cow::Borrowed(_)));
        self.taken += usize::from(next.is_some());
        next
    }

    /// Continues with the target of a symlink. True if it is absolute.
    pub(crate) fn follow(&mut self, target: &CStr) -> Result<bool, TooFar> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(TooFar::Links);
        }
        let target = target.to_bytes();
        let components = target
            .split(|&byte| byte == b'/')
            .filter(|component| !matches!(*component, b"" | b"."));
        // A C string contains no NUL, so this never fails.
        let components = components.filter_map(|component| CString::new(component).ok());
        self.detour.extend(components.rev());
        if self.taken + self.detour.len() > MAX_STEPS {
            return Err(TooFar::Steps);
        }
        Ok(target.starts_with(b"/"))
    }

    /// Whether no component is left.
    pub(crate) fn is_over(&mut self) -> bool {
        if self.detour.is_empty()
            && let Some(name) = self.names.next()
        {
            self.detour.push(name.to_owned());
        }
        self.detour.is_empty()
    }

    /// Whether the last component was part of the path itself, not of a symlink.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }
}

impl From<TooFar> for EntryFault {
    fn from(far: TooFar) -> Self {
        match far {
            TooFar::Links => Self::LinkLoop,
            TooFar::Steps => Self::TooManySteps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tarball::LayerPath;

    #[test]
    fn what_a_symlink_says_comes_before_the_rest() {
        let path = LayerPath::parse(b"a/b").unwrap();
        let mut steps = PathWalk::new(path.as_parents());
        assert_eq!(steps.advance().as_deref(), Some(c"a"));
        assert_eq!(steps.follow(c"x/./..//y/"), Ok(false));
        assert_eq!(steps.advance().as_deref(), Some(c"x"));
        assert_eq!(steps.follow(c"/"), Ok(true));
        for name in [c"..", c"y"] {
            assert!(!steps.is_over());
            assert_eq!(steps.advance().as_deref(), Some(name));
        }
        assert!(!steps.is_over());
        assert_eq!(steps.advance().as_deref(), Some(c"b"));
        assert!(steps.is_over());
        assert_eq!((steps.advance(), steps.taken), (None, 5));
        let followed = (0..=MAX_LINKS).find_map(|_| steps.follow(c".").err());
        assert_eq!((followed, steps.links), (Some(TooFar::Links), 256));
    }

    #[test]
    fn symlinks_that_say_too_much_are_not_followed() {
        let path = LayerPath::parse(b"a").unwrap();
        let mut steps = PathWalk::new(path.as_parents());
        let long = CString::new("d/".repeat(2047)).unwrap();
        let followed = (0..MAX_LINKS).find_map(|_| steps.follow(&long).err());
        assert_eq!((followed, steps.links), (Some(TooFar::Steps), 9));
    }
}
