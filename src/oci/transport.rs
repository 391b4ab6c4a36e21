//! What only other tools and browsers read, and would be taken for the name of an image.

use super::InvalidReference;

/// The host of Docker Hub's web pages: a name that is copied out of a browser begins so.
const HUB_PAGES: &str = "hub.docker.com/";

/// Transports of containers-transports(5) that roots does not read. `dir:x` could as well be the tag `x` of
/// an image of Docker Hub, which has none of these names.
const TRANSPORTS: [&str; 5] = [
    "containers-storage:",
    "docker-daemon:",
    "dir:",
    "sif:",
    "tarball:",
];

/// Refuses such a text: asked for at Docker Hub, it would be a miss that nobody understands.
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
