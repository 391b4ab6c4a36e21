//! Paths from a layer: arbitrary bytes, possibly hostile.

use crate::error::EntryFault;
use std::ffi::CStr;

/// How many components a name may have. Linux itself accepts no paths beyond 4,096 bytes, 2,048
/// components; deeper ones can be reached only component by component, as they are created here.
const MAX_DEPTH: usize = 4096;

/// The longest component that Linux file systems hold, in bytes.
const MAX_COMPONENT: usize = 255;

/// A name that can only lead down from the root of the tree: no empty, `.` or `..` component, no
/// NUL, no component that is too long.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayerPath {
    /// Each component is followed by a NUL, so that it can be passed to system calls as a C string
    /// without copying.
    bytes: Vec<u8>,
    /// The offset of the last component.
    last: usize,
}

impl LayerPath {
    /// Parses a name: `/usr/bin`, `./usr/bin`, `usr//bin/` and `usr/bin` are equal. A `..` is
    /// refused anywhere: no builder writes one, and tools disagree on what it means.
    pub fn parse(name: &[u8]) -> Result<Self, EntryFault> {
        let mut path = Self::default();
        let mut depth = 0;
        for component in name.split(|&b| b == b'/') {
            match component {
                b"" | b"." => continue,
                b".." => return Err(EntryFault::Climbs),
                _ if component.contains(&0) => return Err(EntryFault::NulInName),
                _ if component.len() > MAX_COMPONENT => return Err(EntryFault::NameTooLong),
                _ => {}
            }
            depth += 1;
            path.last = path.bytes.len();
            path.bytes.extend_from_slice(component);
            path.bytes.push(0);
        }
        if depth > MAX_DEPTH {
            return Err(EntryFault::TooDeep);
        }
        Ok(path)
    }

    /// The path with these components, from the root down.
    pub fn of<'c>(components: impl Iterator<Item = &'c CStr>) -> Self {
        components.fold(Self::default(), |mut path, component| {
            path.push(component);
            path
        })
    }

    /// The parents and the last component, or None for the root itself.
    pub fn split(&self) -> Option<(Parents<'_>, &CStr)> {
        let name = components(&self.bytes[self.last..]).next()?;
        Some((Parents(&self.bytes[..self.last]), name))
    }

    /// This path as the parents of its entries.
    pub fn as_parents(&self) -> Parents<'_> {
        Parents(&self.bytes)
    }

    /// The path of `name` in this directory.
    pub fn join(&self, name: &CStr) -> Self {
        let mut path = self.clone();
        path.push(name);
        path
    }

    fn push(&mut self, name: &CStr) {
        self.last = self.bytes.len();
        self.bytes.extend_from_slice(name.to_bytes_with_nul());
    }

    /// The parent directory; the root is its own parent.
    pub fn parent(&self) -> Self {
        let bytes = self.bytes[..self.last].to_vec();
        let above = bytes.split_last().map_or(&[][..], |(_, above)| above);
        Self {
            last: above.iter().rposition(|&b| b == 0).map_or(0, |nul| nul + 1),
            bytes,
        }
    }

    /// Whether it equals `above` or lies below it.
    pub fn is_within(&self, above: &Self) -> bool {
        self.bytes.starts_with(&above.bytes)
    }
}

/// The directories above a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parents<'p>(&'p [u8]);

impl<'p> Parents<'p> {
    /// The components, from the root down.
    pub fn components(self) -> impl Iterator<Item = &'p CStr> {
        components(self.0)
    }

    /// A unique key of this path.
    pub fn key(self) -> &'p [u8] {
        self.0
    }
}

fn components(bytes: &[u8]) -> impl Iterator<Item = &CStr> {
    bytes
        .split_inclusive(|&b| b == 0)
        .filter_map(|component| CStr::from_bytes_with_nul(component).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str) -> Result<Vec<String>, EntryFault> {
        let path = LayerPath::parse(name.as_bytes())?;
        Ok(path
            .as_parents()
            .components()
            .map(|c| c.to_string_lossy().into_owned())
            .collect())
    }

    #[test]
    fn one_place_has_one_path() {
        for name in ["a/b", "/a/b", "./a/b", "a//b", "a/./b/", "//a/b/."] {
            assert_eq!(parse(name).unwrap(), ["a", "b"], "{name}");
        }
        for root in ["", ".", "/", "./", "/.", "././/"] {
            assert!(
                LayerPath::parse(root.as_bytes()).unwrap().split().is_none(),
                "{root}"
            );
        }
        let path = LayerPath::parse(b"usr/lib/x").unwrap();
        let (parents, name) = path.split().unwrap();
        assert_eq!((parents.components().count(), name), (2, c"x"));
        assert_eq!(path.join(c"y"), LayerPath::parse(b"usr/lib/x/y").unwrap());
    }

    #[test]
    fn refuses_what_climbs_or_does_not_fit() {
        for name in ["..", "../a", "a/..", "/../a", "a/../../b", "./.."] {
            assert!(matches!(parse(name), Err(EntryFault::Climbs)), "{name}");
        }
        assert!(parse("...").is_ok());
        assert!(matches!(parse("a\0b"), Err(EntryFault::NulInName)));
        assert!(parse(&"a".repeat(255)).is_ok());
        assert!(matches!(
            parse(&"a".repeat(256)),
            Err(EntryFault::NameTooLong)
        ));
        assert!(parse(&"a/".repeat(4096)).is_ok());
        assert!(matches!(
            parse(&"a/".repeat(4097)),
            Err(EntryFault::TooDeep)
        ));
    }
}
