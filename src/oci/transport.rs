//! Names that only other tools or browsers understand, but would parse as image names.

use super::InvalidReference;

/// The host of Docker Hub's web pages, with which names copied from a browser begin.
const HUB_PAGES: &str = "hub.docker.com/";

/// Transports of containers-transports(5) that roots does not support. `dir:x` could also be the
/// tag `x` of an image on Docker Hub, which has no images with these names.
const TRANSPORTS: [&str; 5] = [
    "containers-storage:",
    "docker-daemon:",
    "dir:",
    "sif:",
    "tarball:",
];

/// Refuses such a text: Docker Hub would answer with a confusing "not found".
pub(super) fn check(text: &str) -> Result<(), InvalidReference> {
    if text.starts_with(HUB_PAGES) {
        return Err(InvalidReference::WebPage);
    }
    let mut transports = TRANSPORTS.iter();
    match transports.find(|transport| text.starts_with(**transport)) {
        Some(transport) => Err(InvalidReference::Transport(transport)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_word_is_a_transport() {
        for name in [
            "dir",
            "dir/x:1",
            "mydir:x",
            "sif/dir:x",
            "hub.docker.com",
            "docker:dind",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        assert_eq!(check("dir:x"), Err(InvalidReference::Transport("dir:")));
        assert_eq!(check("hub.docker.com/r/x"), Err(InvalidReference::WebPage));
    }
}
