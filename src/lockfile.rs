//! Lock files: the digests that images must have. Each line is `REFERENCE@DIGEST`, as `roots digest` prints
//! it; `#` begins a comment. A line with a digest alone allows it for every image, and a line with the path
//! of a layout or archive for images without a name. Two lines with the same name must have the same
//! digest, so that appending a line cannot allow another digest.

use crate::oci::{Digest, Reference};
use std::collections::HashMap;

/// How the path of a layout or archive begins, as `roots digest --lock` prints it.
const PATH_PREFIXES: [&str; 3] = ["oci:", "oci-archive:", "docker-archive:"];

/// The lines of a lock file.
#[derive(Clone, Debug)]
pub(crate) struct Lock(Vec<(LockScope, Digest)>);

/// The images that a line allows a digest for.
#[derive(Clone, Debug)]
enum LockScope {
    /// The image with this name.
    Name(Reference),
    /// Images from layouts and archives that have no name there.
    Unnamed,
    Every,
}

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
            let (scope, digest) = entry(text).ok_or(InvalidLock::Line(number))?;
            if let LockScope::Name(name) = &scope {
                let earlier = names.insert(name.name(), digest.clone());
                if earlier.is_some_and(|earlier| earlier != digest) {
                    return Err(InvalidLock::Twice(number));
                }
            }
            entries.push((scope, digest));
        }
        Ok(Self(entries))
    }

    /// The digests that an image with these names may have. An image without a name may have any digest in
    /// the file.
    pub(crate) fn digests(&self, names: &[String]) -> Vec<Digest> {
        let names: Vec<_> = names
            .iter()
            .flat_map(|name| Reference::parse(name))
            // A name with a digest is in no line: its image may have another digest.
            .filter(|name| name.digest().is_none())
            .collect();
        let is_for_image = |scope: &LockScope| match scope {
            _ if names.is_empty() => true,
            LockScope::Name(locked) => names.iter().any(|name| is_same(name, locked)),
            LockScope::Unnamed => false,
            LockScope::Every => true,
        };
        let entries = self.0.iter().filter(|(scope, _)| is_for_image(scope));
        entries.map(|(_, digest)| digest.clone()).collect()
    }
}

fn entry(text: &str) -> Option<(LockScope, Digest)> {
    if let Ok(digest) = Digest::parse(text) {
        return Some((LockScope::Every, digest));
    }
    if let Ok(reference) = Reference::parse(text) {
        let digest = reference.digest()?.clone();
        return Some((LockScope::Name(reference), digest));
    }
    let is_path = PATH_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    let (path, digest) = text.rsplit_once('@')?;
    (is_path && !path.contains(char::is_whitespace)).then_some(())?;
    Some((LockScope::Unnamed, Digest::parse(digest).ok()?))
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
        let unnamed = format!("oci:./app@{A}\noci-archive:-@{B}");
        let unnamed = Lock::parse(&unnamed).unwrap();
        assert_eq!(unnamed.digests(&[]).len(), 2);
        assert_eq!(unnamed.digests(&["debian".to_owned()]), []);
        assert_eq!(unnamed.digests(&[format!("debian@{A}")]).len(), 2);
        // A name that looks like a path.
        let named = Lock::parse(&format!("oci:1@{A}")).unwrap();
        assert_eq!(named.digests(&["oci:1".to_owned()]).len(), 1);
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
        for path in ["./app", "oci:./app", "oci:./my app"] {
            let line = format!("{path}@{A}");
            let is_good = path == "oci:./app";
            assert_eq!(Lock::parse(&line).is_ok(), is_good, "{path}");
        }
        assert!(Lock::parse("oci:./app").is_err());
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
