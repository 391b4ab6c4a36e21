//! Resolves a path through symlinks, component by component.
//!
//! The target of each symlink can have thousands of components, and lead through hundreds of other
//! such symlinks: 4 kB caused half a million steps. So both are counted, for all callers.

use crate::error::EntryFault;
use crate::tarball::Parents;
use std::borrow::Cow;
use std::ffi::{CStr, CString};

/// How many symlinks a name of a layer may lead through. Linux allows 40, but images are not bound
/// by that.
pub const MAX_LINKS: usize = 255;

/// How many components may be resolved for one name, including those of symlinks: the name itself
/// can have 4,096, and a symlink 2,047.
const MAX_STEPS: usize = 16_384;

/// The cost of creating a directory that no entry describes, in steps.
pub const MADE: u64 = 4;

/// The rest of a path to resolve.
pub struct Steps<'p> {
    names: Box<dyn Iterator<Item = &'p CStr> + 'p>,
    /// Components from symlinks, which come before the next component of the name; last first.
    detour: Vec<CString>,
    links: usize,
    max_links: usize,
    taken: usize,
    is_named: bool,
}

/// A path that takes too long to resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooFar {
    /// Too many symlinks.
    Links,
    /// Too many steps.
    Steps,
}

impl<'p> Steps<'p> {
    /// Resolves `parents` through at most `max_links` symlinks.
    pub fn new(parents: Parents<'p>, max_links: usize) -> Self {
        Self {
            names: Box::new(parents.components()),
            detour: Vec::new(),
            links: 0,
            max_links,
            taken: 0,
            is_named: false,
        }
    }

    /// The next component, which may be `..`, but only from a symlink.
    pub fn advance(&mut self) -> Option<Cow<'p, CStr>> {
        let next = match self.detour.pop() {
            Some(name) => Some(Cow::Owned(name)),
            None => self.names.next().map(Cow::Borrowed),
        };
        self.is_named = matches!(next, Some(Cow::Borrowed(_)));
        self.taken += usize::from(next.is_some());
        next
    }

    /// Continues with the target of a symlink. True if it is absolute.
    pub fn follow(&mut self, target: &CStr) -> Result<bool, TooFar> {
        self.links += 1;
        if self.links > self.max_links {
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
    pub fn is_over(&mut self) -> bool {
        if self.detour.is_empty()
            && let Some(name) = self.names.next()
        {
            self.detour.push(name.to_owned());
        }
        self.detour.is_empty()
    }

    /// Whether the last component was part of the name itself, not of a symlink.
    pub fn is_named(&self) -> bool {
        self.is_named
    }

    /// How many steps were taken.
    pub fn taken(&self) -> u64 {
        self.taken as u64
    }
}

impl From<TooFar> for EntryFault {
    fn from(far: TooFar) -> Self {
        match far {
            TooFar::Links => Self::LinkLoop,
            TooFar::Steps => Self::LongWay,
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
        let mut steps = Steps::new(path.as_parents(), 2);
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
        assert_eq!((steps.advance(), steps.taken()), (None, 5));
        assert_eq!(steps.follow(c"z"), Err(TooFar::Links));
    }

    #[test]
    fn symlinks_that_say_too_much_are_not_followed() {
        let path = LayerPath::parse(b"a").unwrap();
        let mut steps = Steps::new(path.as_parents(), 255);
        let long = CString::new("d/".repeat(2047)).unwrap();
        let followed = (0..255).find_map(|_| steps.follow(&long).err());
        assert_eq!((followed, steps.links), (Some(TooFar::Steps), 9));
    }
}
