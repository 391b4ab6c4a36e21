//! Finds the entry of a credentials file that applies to an image: `containers-auth.json(5)` and
//! docker's `config.json`. Pure.
//!
//! ```text
//! host/ns/repository      the longest that contains the image
//! host[:port]
//! https://host/v1/        written by old logins; for Docker Hub: https://index.docker.io/v1/
//! ```

use std::collections::BTreeMap;

/// The names of Docker Hub in keys.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// The key under which `docker login` without a host stores its credentials, in helpers too.
const HUB_SERVER: &str = "https://index.docker.io/v1/";

/// What credentials are looked up for: the repository that the user named, never a host that a
/// registry names.
#[derive(Clone)]
pub(crate) struct AuthKey {
    registry: String,
    repository: String,
}

impl AuthKey {
    pub(crate) fn new(registry: &str, repository: &str) -> Self {
        Self {
            registry: canonical(registry),
            repository: repository.to_owned(),
        }
    }

    /// The registry, as messages call it.
    pub(crate) fn registry(&self) -> &str {
        &self.registry
    }

    /// The server name that helpers expect.
    pub(crate) fn server(&self) -> &str {
        if self.registry == HUB[0] {
            HUB_SERVER
        } else {
            &self.registry
        }
    }

    /// The matching entries, best first.
    pub(crate) fn entries<'m, V>(&self, map: &'m BTreeMap<String, V>) -> Vec<(&'m str, &'m V)> {
        let mut found: Vec<_> = map
            .iter()
            .filter_map(|(key, value)| Some((self.rank(key)?, key.as_str(), value)))
            .collect();
        found.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
        found
            .into_iter()
            .map(|(_, key, value)| (key, value))
            .collect()
    }

    /// The entry for the whole registry. Helpers are configured only per registry.
    pub(crate) fn entry<'m, V>(&self, map: &'m BTreeMap<String, V>) -> Option<&'m V> {
        let whole = Self::new(&self.registry, "");
        let found = whole.entries(map).into_iter().next();
        found.map(|(_, value)| value)
    }

    /// How well a key matches; larger is better. None if it does not match.
    fn rank(&self, key: &str) -> Option<usize> {
        let (scheme, rest) = match key.trim().split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, key.trim()),
        };
        if !scheme.is_none_or(|scheme| matches!(scheme, "http" | "https")) {
            return None;
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if canonical(host) != self.registry {
            return None;
        }
        let path = path.trim_end_matches('/');
        match (scheme, path) {
            (None, "") => Some(3),
            (_, "" | "v1" | "v2") => Some(2),
            // After a scheme only the host counts, as in docker.
            (Some(_), _) => Some(1),
            (None, path) => self.is_within(path).then_some(3 + path.len()),
        }
    }

    fn is_within(&self, path: &str) -> bool {
        let rest = self.repository.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn canonical(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    if HUB.contains(&host.as_str()) {
        HUB[0].to_owned()
    } else {
        host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(account: &AuthKey, keys: &[&str]) -> Option<String> {
        let map = keys.iter().map(|key| ((*key).to_owned(), ())).collect();
        let found = account.entries(&map).into_iter().next();
        found.map(|(key, ())| key.to_owned())
    }

    #[test]
    fn a_key_is_a_host_in_any_spelling() {
        let account = AuthKey::new("ghcr.io", "a/b");
        for key in [
            "ghcr.io",
            "GHCR.io",
            " ghcr.io ",
            "ghcr.io/",
            "https://ghcr.io",
            "http://ghcr.io",
            "https://ghcr.io/",
            "https://ghcr.io/v1/",
            "https://ghcr.io/v2/",
            "https://ghcr.io/v2",
            "ghcr.io/v1/",
            "https://ghcr.io/elsewhere",
        ] {
            assert_eq!(best(&account, &[key]), Some(key.to_owned()), "{key}");
        }
        for key in [
            "",
            "/",
            "ghcr.io:443",
            "https://ghcr.io:443/v1/",
            "ghcr.io.evil.net",
            "evil.net/ghcr.io",
            "xghcr.io",
            "hcr.io",
            ".ghcr.io",
            "*.ghcr.io",
            "ftp://ghcr.io",
            "user@ghcr.io",
            "https://u:p@ghcr.io/",
        ] {
            assert_eq!(best(&account, &[key]), None, "{key}");
        }
    }

    #[test]
    fn a_port_is_part_of_a_host() {
        let account = AuthKey::new("localhost:5000", "a");
        assert_eq!(best(&account, &["localhost", "localhost:5001"]), None);
        assert!(best(&account, &["localhost:5000"]).is_some());
        assert!(best(&account, &["http://localhost:5000/v1/"]).is_some());
        assert!(best(&AuthKey::new("[::1]:5000", "a"), &["[::1]:5000"]).is_some());
        assert_eq!(
            best(&AuthKey::new("127.0.0.1:1", "a"), &["localhost:1"]),
            None
        );
    }

    #[test]
    fn docker_hub_has_many_names() {
        for registry in HUB {
            let account = AuthKey::new(registry, "library/debian");
            for key in [
                "https://index.docker.io/v1/",
                "index.docker.io/v1/",
                "https://index.docker.io/v2/",
                "docker.io",
                "index.docker.io",
                "registry-1.docker.io",
                "https://registry-1.docker.io",
                "docker.io/library",
                "docker.io/library/debian",
            ] {
                assert!(best(&account, &[key]).is_some(), "{registry} {key}");
            }
            for key in [
                "auth.docker.io",
                "docker.io.evil.net",
                "hub.docker.io",
                "docker.com",
            ] {
                assert_eq!(best(&account, &[key]), None, "{registry} {key}");
            }
            assert_eq!(account.server(), "https://index.docker.io/v1/");
        }
        assert_eq!(AuthKey::new("ghcr.io", "a").server(), "ghcr.io");
    }

    #[test]
    fn the_longest_prefix_of_the_repository_wins() {
        let account = AuthKey::new("ghcr.io", "ns/sub/app");
        let mut keys = vec![
            "ghcr.io/ns/sub/app",
            "ghcr.io/ns/sub",
            "ghcr.io/ns",
            "ghcr.io",
            "https://ghcr.io/v1/",
            "https://ghcr.io/x",
        ];
        while let Some(first) = keys.first() {
            let mut shuffled = keys.clone();
            shuffled.reverse();
            assert_eq!(best(&account, &shuffled), Some((*first).to_owned()));
            keys.remove(0);
        }
        for key in [
            "ghcr.io/n",
            "ghcr.io/ns/su",
            "ghcr.io/ns/sub/app2",
            "ghcr.io/ns/sub/app/x",
            "ghcr.io/other",
        ] {
            assert_eq!(best(&account, &[key]), None, "{key}");
        }
    }

    #[test]
    fn helpers_are_for_whole_registries() {
        let account = AuthKey::new("ghcr.io", "a/b");
        let map = |key: &str| [(key.to_owned(), 1)].into_iter().collect();
        assert_eq!(account.entry(&map("ghcr.io")), Some(&1));
        assert_eq!(account.entry(&map("https://ghcr.io")), Some(&1));
        assert_eq!(account.entry(&map("ghcr.io/a")), None);
        assert_eq!(account.entry(&map("gcr.io")), None);
    }
}
