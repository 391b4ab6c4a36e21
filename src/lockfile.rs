//! Lock files: the digests that images must have. Each line is `REFERENCE@DIGEST`, as `roots digest` prints
//! it; `#` begins a comment. A line with a digest alone allows it for every image. Two lines with the same
//! name must have the same digest, so that appending a line cannot allow another digest.

use crate::oci::{Digest, Reference};
use std::collections::HashMap;

/// The lines of a lock file.
#[derive(Clone, Debug)]
pub(crate) struct Lock(Vec<(Option<Reference>, Digest)>);

/// The number of an invalid line, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidLock {
    /// It is malformed.
    Line(usize),
    /// An earlier line has the same name and another digest.
    Twice(usize),
}

impl Lock {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidLock> {
        let lines = text.lines().zip(1..).map(|(line, number)| {
            let text = line.split('#').next().unwrap_or_default().trim();
            (text, number)
        });
        let (mut entries, mut names) = (Vec::new(), HashMap::new());
        for (text, number) in lines.filter(|(text, _)| !text.is_empty()) {
            let (name, digest) = entry(text).ok_or(InvalidLock::Line(number))?;
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

    /// The digests that an image with these names may have. An image without a name may have any digest in
    /// the file.
    pub(crate) fn digests(&self, names: &[String]) -> Vec<Digest> {
        let names: Vec<_> = names
            .iter()
            .flat_map(|name| Reference::parse(name))
            .collect();
        let is_for_image = |locked: &Option<Reference>| match locked {
            Some(locked) if !names.is_empty() => names.iter().any(|name| is_same(name, locked)),
            _ => true,
        };
        let entries = self.0.iter().filter(|(locked, _)| is_for_image(locked));
        entries.map(|(_, digest)| digest.clone()).collect()
    }
}

fn entry(text: &str) -> Option<(Option<Reference>, Digest)> {
    if let Ok(digest) = Digest::parse(text) {
        return Some((None, digest));
    }
    let reference = Reference::parse(text).ok()?;
    let digest = reference.digest()?.clone();
    Some((Some(reference), digest))
}

/// Whether two names denote the same image. A name without a tag matches every tag.
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
