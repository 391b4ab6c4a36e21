//! A lock: which digests images must have. Lines of `REFERENCE@DIGEST`, as `roots digest` prints
//! them; `#` begins a comment. A digest alone holds for every image. A name stands on one line only, or
//! on several with the same digest: what is appended to a lock, or claims a name twice in one archive,
//! does not add to what that name may be.

use crate::oci::{Digest, Reference};
use std::collections::HashMap;

/// The lines of a lock.
#[derive(Clone, Debug)]
pub(crate) struct Lock(Vec<(Option<Reference>, Digest)>);

/// The number of a line, from 1 on, that makes a text no lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidLock {
    /// It is no line of a lock.
    Line(usize),
    /// It locks a name that an earlier line locks to another digest.
    Twice(usize),
}

impl Lock {
    /// Reads a lock.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidLock> {
        let lines = text.lines().zip(1..).map(|(line, number)| {
            let said = line.split('#').next().unwrap_or_default().trim();
            (said, number)
        });
        let (mut entries, mut names) = (Vec::new(), HashMap::new());
        for (said, number) in lines.filter(|(said, _)| !said.is_empty()) {
            let (name, digest) = entry(said).ok_or(InvalidLock::Line(number))?;
            if let Some(name) = &name {
                let earlier = names.insert(name.name(), digest.clone());
                if earlier.is_some_and(|earlier| earlier != digest) {
                    return Err(InvalidLock::Twice(number));
                }
            }
            entries.push((name, digest));
        }
        Ok(Self(entries))
    }

    /// The digests that an image of these names may have. One that has no name may be any of those
    /// that are locked.
    pub(crate) fn digests(&self, names: &[String]) -> Vec<Digest> {
        let names: Vec<_> = names
            .iter()
            .flat_map(|name| Reference::parse(name))
            .collect();
        let is_meant = |locked: &Option<Reference>| match locked {
            Some(locked) if !names.is_empty() => names.iter().any(|name| is_same(name, locked)),
            _ => true,
        };
        let meant = self.0.iter().filter(|(locked, _)| is_meant(locked));
        meant.map(|(_, digest)| digest.clone()).collect()
    }
}

fn entry(said: &str) -> Option<(Option<Reference>, Digest)> {
    if let Ok(digest) = Digest::parse(said) {
        return Some((None, digest));
    }
    let reference = Reference::parse(said).ok()?;
    let digest = reference.digest()?.clone();
    Some((Some(reference), digest))
}

/// Whether two names are of one image; one that has only a digest may have any tag.
fn is_same(one: &Reference, other: &Reference) -> bool {
    let tags = one.tag().zip(other.tag());
    one.registry() == other.registry()
        && one.repository() == other.repository()
        && tags.is_none_or(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn an_image_is_locked_under_each_of_its_names() {
        let text = format!("# ours\ndebian:12@{A} # stable\n\nghcr.io/a/b@{B}\r\n");
        let lock = Lock::parse(&text).unwrap();
        for (names, wanted) in [
            (&["debian:12"][..], &[A][..]),
            (&["docker.io/library/debian:12"], &[A]),
            (&["debian"], &[]),
            (&["debian:12.1"], &[]),
            (&["ghcr.io/a/b:any"], &[B]),
            (&["bookworm", "docker.io/library/debian:12"], &[A]),
            (&[], &[A, B]),
        ] {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let digests = lock.digests(&names);
            let digests: Vec<_> = digests.iter().map(ToString::to_string).collect();
            assert_eq!(digests, wanted, "{names:?}");
        }
        let any = Lock::parse(A).unwrap();
        assert_eq!(any.digests(&["debian".to_owned()]).len(), 1);
        assert_eq!(any.digests(&[]).len(), 1);
    }

    #[test]
    fn what_locks_nothing_is_no_line() {
        let number = |text: &str| Lock::parse(text).map(|_| ()).unwrap_err();
        assert_eq!(number("debian"), InvalidLock::Line(1));
        assert_eq!(number(&format!("{A}\n\nsha256:12")), InvalidLock::Line(3));
        assert_eq!(
            number(&format!("debian@{A} debian@{A}")),
            InvalidLock::Line(1)
        );
        assert!(Lock::parse("").is_ok());
    }

    #[test]
    fn a_name_is_locked_once() {
        for twice in [
            format!("debian:12@{A}\n# more\ndebian:12@{B}"),
            format!("debian:12@{A}\n\ndocker.io/library/debian:12@{B}"),
            format!("a.io/b@{A}\n\na.io/b@{B}"),
        ] {
            assert_eq!(
                Lock::parse(&twice).unwrap_err(),
                InvalidLock::Twice(3),
                "{twice}"
            );
        }
        for good in [
            format!("debian:12@{A}\ndebian:12@{A}"),
            format!("debian:12@{A}\ndebian:13@{B}\n{A}\n{B}"),
        ] {
            assert!(Lock::parse(&good).is_ok(), "{good}");
        }
    }
}
