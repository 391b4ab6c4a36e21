//! A lock: which digests images must have. Lines of `REFERENCE@DIGEST`, as `roots digest` prints
//! them; `#` begins a comment. A digest alone holds for every image.

use super::{Digest, Reference};

/// The lines of a lock.
#[derive(Clone, Debug)]
pub struct Lock(Vec<(Option<Reference>, Digest)>);

impl Lock {
    /// Reads a lock, or says the number of the line, from 1 on, that is none.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let lines = text.lines().zip(1..).map(|(line, number)| {
            let said = line.split('#').next().unwrap_or_default().trim();
            (said, number)
        });
        let entries = lines.filter(|(said, _)| !said.is_empty());
        let entries = entries.map(|(said, number)| entry(said).ok_or(number));
        entries.collect::<Result<_, _>>().map(Self)
    }

    /// The digests that an image of these names may have. One that has no name may be any of those
    /// that are locked.
    pub fn digests(&self, names: &[String]) -> Vec<Digest> {
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
        assert_eq!(number("debian"), 1);
        assert_eq!(number(&format!("{A}\n\nsha256:12")), 3);
        assert_eq!(number(&format!("debian@{A} debian@{A}")), 1);
        assert!(Lock::parse("").is_ok());
    }
}
