//! URLs copied from a browser or a log, and the images that they are about.

use crate::oci::Reference;

/// Docker Hub has an official image at `/_/NAME`, any other at `/r/OWNER/NAME`.
const HUB: &str = "hub.docker.com";

/// What may follow the name there.
const TABS: [&str; 4] = ["/tags", "/general", "/builds", "/layers"];

/// The name of the image at `address`, if [`Reference::parse`] accepts it.
pub(in crate::error) fn image_at(address: &str) -> Option<String> {
    let address = without_secret(address);
    let (_, address) = address.split_once("://").unwrap_or(("", address));
    let page = address.split(['?', '#']).next()?.trim_end_matches('/');
    let name = of_page(page).unwrap_or_else(|| page.to_owned());
    [name.clone(), in_lower_case(&name)]
        .into_iter()
        .find(|name| Reference::parse(name).is_ok())
}

/// `text` without the credentials in `user:password@host/name`.
pub(super) fn without_secret(text: &str) -> &str {
    let name = text.split_once("://").map_or(text, |(_, name)| name);
    match name.split_once('@') {
        Some((user, host)) if user.contains(':') && !user.contains('/') && host.contains('/') => {
            host
        }
        _ => text,
    }
}

fn of_page(page: &str) -> Option<String> {
    let image = |at: &str| page.strip_prefix(at).map(without_tab);
    if page.split('/').next() == Some(HUB) {
        let mut starts = ["/_/", "/r/"].iter();
        let name = starts.find_map(|start| page.strip_prefix(HUB)?.strip_prefix(start));
        // No other page is about an image.
        return Some(name.map_or_else(String::new, |name| without_tab(name).to_owned()));
    }
    let quay = || image("quay.io/repository/").map(|name| format!("quay.io/{name}"));
    let amazon = || image("gallery.ecr.aws/").map(|name| format!("public.ecr.aws/{name}"));
    quay()
        .or_else(amazon)
        .or_else(|| on_github(page))
        .or_else(|| of_api(page))
}

/// `github.com/OWNER/REPOSITORY/pkgs/container/NAME`, which GitHub serves at ghcr.io.
fn on_github(page: &str) -> Option<String> {
    let (repository, name) = page.split_once("/pkgs/container/")?;
    let owner = repository.strip_prefix("github.com/")?;
    let owner = owner.strip_prefix("orgs/").unwrap_or(owner);
    let owner = owner.split('/').next()?;
    // The number of a version may follow.
    let name = name.split('/').next()?.replace("%2F", "/");
    Some(format!("ghcr.io/{owner}/{name}"))
}

/// A request of the API: `HOST/v2/NAME/manifests/TAG`.
fn of_api(page: &str) -> Option<String> {
    let (host, path) = page.split_once("/v2/")?;
    let host = match host {
        "registry-1.docker.io" => "docker.io",
        host => host,
    };
    Some(match path.split_once("/manifests/") {
        Some((name, digest)) if digest.contains(':') => format!("{host}/{name}@{digest}"),
        Some((name, tag)) => format!("{host}/{name}:{tag}"),
        None => format!("{host}/{}", path.split("/tags/").next()?),
    })
}

fn without_tab(name: &str) -> &str {
    let bare = TABS.iter().find_map(|tab| name.strip_suffix(tab));
    bare.unwrap_or(name)
}

/// The repository in lower case; a tag may have capitals.
fn in_lower_case(name: &str) -> String {
    let (path, last) = name.rsplit_once('/').unwrap_or(("", name));
    let end = last.find([':', '@']).unwrap_or(last.len());
    let (repository, rest) = last.split_at(end);
    let repository = repository.to_lowercase();
    if path.is_empty() {
        format!("{repository}{rest}")
    } else {
        format!("{}/{repository}{rest}", path.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_image_that_can_be_typed() {
        for (address, image) in [
            ("https://ghcr.io/owner/name:tag", "ghcr.io/owner/name:tag"),
            ("http://localhost:5000/x", "localhost:5000/x"),
            ("https://ghcr.io/Owner/Name:Tag", "ghcr.io/owner/name:Tag"),
            ("https://debian:bookworm/", "debian:bookworm"),
            ("hub.docker.com/_/debian", "debian"),
            ("https://hub.docker.com/_/debian/tags?page=2", "debian"),
            (
                "https://hub.docker.com/r/grafana/grafana/tags",
                "grafana/grafana",
            ),
            (
                "https://hub.docker.com/r/library/debian#x",
                "library/debian",
            ),
            ("https://quay.io/repository/a/b?tab=tags", "quay.io/a/b"),
            (
                "https://gallery.ecr.aws/docker/library/x",
                "public.ecr.aws/docker/library/x",
            ),
            ("https://github.com/A/b/pkgs/container/c", "ghcr.io/a/c"),
            (
                "https://github.com/orgs/a/packages/x/pkgs/container/c%2Fd",
                "ghcr.io/a/c/d",
            ),
            ("https://ghcr.io/v2/a/b/manifests/1", "ghcr.io/a/b:1"),
            (
                "https://registry-1.docker.io/v2/library/x/tags/list",
                "docker.io/library/x",
            ),
            ("https://joe:secret@ghcr.io/a/b", "ghcr.io/a/b"),
        ] {
            assert_eq!(image_at(address).as_deref(), Some(image), "{address}");
        }
        for address in [
            "",
            "https://",
            "hub.docker.com/",
            "https://hub.docker.com/search?q=x y",
            "https://a b/c",
        ] {
            assert_eq!(image_at(address), None, "{address}");
        }
    }
}
