//! What a pull may leave behind: in the cache whole blobs only, and after a failure nothing else.

use super::Sandbox;
use crate::support::image::sha256;

impl Sandbox {
    /// The digests of the blobs in the cache; each of them is whole. What is left of a broken pull has a dot in front.
    #[track_caller]
    pub fn cached(&self) -> Vec<String> {
        if !self.has("cache/blobs/sha256") {
            return Vec::new();
        }
        let names = self.names("cache/blobs/sha256").into_iter();
        names
            .filter(|name| !name.starts_with('.'))
            .map(|name| {
                let digest = sha256(self.read(format!("cache/blobs/sha256/{name}")));
                assert_eq!(digest, format!("sha256:{name}"), "a bad blob in the cache");
                digest
            })
            .collect()
    }

    /// Asserts that a failed pull into `dest` left nothing: no tree, nothing beside it, no link and no half blob in the
    /// cache.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        assert!(!self.has("dest"), "there is a tree");
        assert!(!self.has(".dest.roots"), "a staging folder was left");
        self.cached();
        if self.has("cache/links") {
            assert_eq!(self.names("cache/links"), [""; 0], "a link to no tree");
        }
    }
}
