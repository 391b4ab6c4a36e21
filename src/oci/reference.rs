//! References: `registry/repository:tag@digest`.
//!
//! ```text
//! docker://ghcr.io:443/onegov/onegov-cloud:release-2026.6@sha256:6f0c…
//! ^scheme  ^registry   ^repository         ^tag           ^digest (decides when present)
//! ```
//! The grammar is that of distribution/reference (`regexp.go`, `normalize.go`); it is checked in
//! full before any part of it can reach a URL or a path.

use super::host::is_host_and_port;
use super::{Digest, InvalidDigest, is_tag, transport};
use std::fmt;

/// The name of Docker Hub in references, whatever the user typed.
pub const HUB: &str = "docker.io";

/// Docker Hub's registry host: docker.io itself serves web pages.
pub const HUB_HOST: &str = "registry-1.docker.io";

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is not a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidReference {
    /// The text is empty.
    Empty,
    /// The text starts with `https://` or another scheme than `docker://`.
    Scheme(String),
    /// A transport of containers-transports(5) that roots does not support, colon included.
    Transport(&'static str),
    /// A page of Docker Hub's web site, which is not a registry.
    WebPage,
    /// 64 hex digits, which on Docker Hub could also be an image ID.
    ImageId,
    /// The part before the first slash is not `host` or `host:port`.
    Registry(String),
    /// The repository has upper-case letters.
    UpperCase(String),
    /// A repository component breaks the grammar.
    Repository(String),
    /// The repository is longer than 255 bytes.
    TooLong,
    /// The part after the last colon is not a tag.
    Tag(String),
    /// `user:password@host/name`: credentials do not belong in a reference.
    Credentials,
    /// The part after the `@` is not a digest.
    Digest(InvalidDigest),
}

impl Reference {
    /// Parses a reference as typed by a user.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        let text = text.strip_prefix("docker://").unwrap_or(text);
        if text.is_empty() {
            return Err(InvalidReference::Empty);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(InvalidReference::Scheme(scheme.to_owned()));
        }
        transport::check(text)?;
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidReference::ImageId);
        }
        let (name, digest) = match text.split_once('@') {
            Some((_, host)) if host.contains('/') && !host.starts_with("sha") => {
                return Err(InvalidReference::Credentials);
            }
            Some((name, digest)) => (
                name,
                Some(Digest::parse(digest).map_err(InvalidReference::Digest)?),
            ),
            None => (text, None),
        };
        let (registry, remainder) = split_registry(name)?;
        let (repository, tag) = match remainder.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(checked_tag(tag)?.to_owned())),
            None => (remainder, None),
        };
        let mut repository = checked_repository(repository)?.to_owned();
        if registry == HUB && !repository.contains('/') {
            repository.insert_str(0, "library/");
        }
        if repository.len() > 255 {
            return Err(InvalidReference::TooLong);
        }
        Ok(Self {
            registry,
            repository,
            tag,
            digest,
        })
    }

    /// The same image at `place`, which is `host[:port]/repository`, as mirrors are written.
    pub fn at(&self, place: &str) -> Result<Self, InvalidReference> {
        let not_a_host = || InvalidReference::Registry(place.to_owned());
        let (host, repository) = place.split_once('/').ok_or_else(not_a_host)?;
        if !is_host_and_port(host) {
            return Err(not_a_host());
        }
        Ok(Self {
            registry: host.to_ascii_lowercase(),
            repository: checked_repository(repository)?.to_owned(),
            tag: self.tag.clone(),
            digest: self.digest.clone(),
        })
    }

    /// The same image pinned to a digest, so that the tag no longer matters.
    #[must_use]
    pub fn pinned(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// The registry as references name it: `docker.io`, `ghcr.io`, `localhost:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The host that serves the registry's API.
    pub fn api_host(&self) -> &str {
        if self.registry == HUB {
            HUB_HOST
        } else {
            &self.registry
        }
    }

    /// The repository, `library/` included.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The full name of the repository, `docker.io/library/debian`, without a tag or digest.
    pub fn repository_name(&self) -> String {
        // The result must parse again: `Host/x` in lower case would be a name on Docker Hub.
        let registry = if looks_like_registry(&self.registry) {
            self.registry.clone()
        } else {
            self.registry.to_ascii_uppercase()
        };
        format!("{registry}/{}", self.repository)
    }

    /// Whether it was written without a tag or digest.
    pub fn names_repository(&self) -> bool {
        self.tag.is_none() && self.digest.is_none()
    }

    /// The digest, if any; it takes precedence over the tag.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The tag; `latest` if there is neither tag nor digest, None if there is only a digest.
    pub fn tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (None, Some(_)) => None,
            (tag, _) => Some(tag.as_deref().unwrap_or("latest")),
        }
    }

    /// The full name without a digest.
    pub fn name(&self) -> String {
        let full = self.to_string();
        let name = full.split('@').next();
        name.map(str::to_owned).unwrap_or_default()
    }

    /// The last path component of a manifest's URL: the digest, else the tag, else `latest`.
    pub fn identifier(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository_name())?;
        match (&self.tag, &self.digest) {
            (Some(tag), _) => write!(f, ":{tag}")?,
            (None, None) => f.write_str(":latest")?,
            (None, Some(_)) => {}
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// The first component is a registry only if a slash follows and it cannot be a Docker Hub user: it
/// has a dot, a colon or an upper-case letter, or is `localhost`.
fn split_registry(name: &str) -> Result<(String, &str), InvalidReference> {
    let hub = |remainder| Ok((HUB.to_owned(), remainder));
    let Some((first, remainder)) = name.split_once('/') else {
        return hub(name);
    };
    if !looks_like_registry(first) {
        return hub(name);
    }
    if !is_host_and_port(first) {
        return Err(InvalidReference::Registry(first.to_owned()));
    }
    match first.to_ascii_lowercase() {
        host if host == HUB || host == "index.docker.io" => hub(remainder),
        host => Ok((host, remainder)),
    }
}

fn looks_like_registry(first: &str) -> bool {
    first.contains(['.', ':'])
        || first == "localhost"
        || first.bytes().any(|b| b.is_ascii_uppercase())
}

fn checked_repository(repository: &str) -> Result<&str, InvalidReference> {
    if repository.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(InvalidReference::UpperCase(repository.to_owned()));
    }
    if !repository.split('/').all(is_component) {
        return Err(InvalidReference::Repository(repository.to_owned()));
    }
    Ok(repository)
}

/// `alphanumeric [separator alphanumeric]*` with `.`, `_`, `__` or any number of dashes between.
fn is_component(component: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    let separators = component.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    alphanumeric(first)
        && alphanumeric(last)
        && separators.into_iter().all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
        })
}

fn checked_tag(tag: &str) -> Result<&str, InvalidReference> {
    if is_tag(tag) {
        Ok(tag)
    } else {
        Err(InvalidReference::Tag(tag.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn reads_what_users_type() {
        let digest = format!("sha256:{HEX}");
        for (typed, meant) in [
            ("ubuntu", "docker.io/library/ubuntu:latest"),
            ("ubuntu:18.04", "docker.io/library/ubuntu:18.04"),
            ("docker.io/ubuntu", "docker.io/library/ubuntu:latest"),
            ("index.docker.io/ubuntu", "docker.io/library/ubuntu:latest"),
            ("docker://ubuntu", "docker.io/library/ubuntu:latest"),
            ("foo/bar", "docker.io/foo/bar:latest"),
            ("localhost/x", "localhost/x:latest"),
            ("localhost:5000/x:y", "localhost:5000/x:y"),
            ("test.com:5000", "docker.io/library/test.com:5000"),
            ("ghcr.io/a/b/c:1", "ghcr.io/a/b/c:1"),
            ("Host/x", "HOST/x:latest"),
            ("[::1]:5000/x", "[::1]:5000/x:latest"),
            ("[2001:db8::1]/x", "[2001:db8::1]/x:latest"),
            ("xn--7o8h.com/x", "xn--7o8h.com/x:latest"),
            (
                "127.0.0.1:5000/a__b/a---b/a.b_c",
                "127.0.0.1:5000/a__b/a---b/a.b_c:latest",
            ),
            ("a_b/c", "docker.io/a_b/c:latest"),
        ] {
            // The displayed form parses to the same reference.
            for typed in [typed, meant] {
                assert_eq!(
                    Reference::parse(typed).map(|r| r.to_string()),
                    Ok(meant.to_owned())
                );
            }
        }
        let both = Reference::parse(&format!("ghcr.io/a/b:gone@{digest}")).unwrap();
        assert_eq!(both.identifier(), digest);
        assert_eq!(both.to_string(), format!("ghcr.io/a/b:gone@{digest}"));
        let hub = Reference::parse("debian").unwrap();
        assert_eq!(
            (hub.api_host(), hub.repository()),
            ("registry-1.docker.io", "library/debian")
        );
    }

    #[test]
    fn refuses_the_rest() {
        for bad in [
            "",
            "@",
            ":tag",
            "///",
            "/a",
            "a/",
            "a//b",
            "a:",
            "a:b:c",
            "a@b",
            "@sha256:ab",
            "sha256:",
            " ubuntu",
            "ubuntu ",
            "a b",
            "a\tb",
            "a\0b",
            "a?b",
            "a#b",
            "a\\b",
            "a%2e%2e",
            "../a",
            "a/../b",
            "ghcr.io/../../etc",
            "ghcr.io/a/b:../x",
            "a..b",
            "a_.b",
            "a._b",
            "-a",
            "a-",
            "____",
            "a___b",
            "Ubuntu",
            "ghcr.io/A/b",
            "aa/Ab",
            "https://ghcr.io/a/b",
            "http://localhost/a",
            "oci://x/y",
            "[::1]",
            "[fe80::1%eth0]/x",
            "[::ffff:1.2.3.4]/x",
            "[::1/x",
            "[::1]x/y",
            "[::1]:/x",
            "host.com:0/x",
            "host.com:99999/x",
            "host.com:+80/x",
            "host.com:/x",
            "-host.com/x",
            "host-.com/x",
            "host..com/x",
            "ho_st.com/x",
            "ö.com/x",
            // Addresses to resolvers only: the first could not be made a URL, which a fuzzer found.
            "5.45/4",
            "127.1:5000/x",
            "1.2.3.4.5/x",
            "0x7f.0x1/x",
            "2130706433:5000/x",
            "registry.1/x",
            "ubuntu:ä",
            "user:pw@host.com/x",
            HEX,
            &format!("a@sha256:{HEX}@sha256:{HEX}"),
            &format!("a@sha256:{}", &HEX[1..]),
            &format!("a:{}", "t".repeat(129)),
            &format!("ghcr.io/{}", "a".repeat(256)),
            &"a".repeat(250),
        ] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
        assert!(Reference::parse(&format!("ghcr.io/{}", "a".repeat(255))).is_ok());
        assert!(Reference::parse(&format!("a:{}", "t".repeat(128))).is_ok());
    }
}
