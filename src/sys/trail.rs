//! The files that a path depends on: removing one of them breaks the path.

use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

/// How many symlinks a path may lead through; the limit of Linux.
const MAX_LINKS: usize = 40;

/// Each symlink that `path` leads through, and then its target, all by paths without symlinks.
/// Missing components are taken literally.
pub fn trail(path: &Path) -> Vec<PathBuf> {
    let Ok(path) = std::path::absolute(path) else {
        return Vec::new();
    };
    let (mut here, mut links) = (PathBuf::from("/"), Vec::new());
    // The remaining components, in reverse.
    let mut remaining = reversed(&path);
    while let Some(name) = remaining.pop() {
        if name == ".." {
            here.pop();
            continue;
        }
        here.push(&name);
        let Ok(target) = here.read_link() else {
            continue;
        };
        links.push(here.clone());
        if links.len() > MAX_LINKS {
            return links;
        }
        here.pop();
        if target.has_root() {
            here = PathBuf::from("/");
        }
        remaining.append(&mut reversed(&target));
    }
    links.push(here);
    links
}

/// Whether an error means that a path has too many symlinks.
pub fn is_loop(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::LOOP)
}

fn reversed(path: &Path) -> Vec<OsString> {
    let names = path.components().rev();
    let names = names.filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    names
        .map(|part| OsStr::to_owned(part.as_os_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_symlink_on_the_way_is_named() {
        let folder = std::env::temp_dir().join(format!("roots-trail-{}", std::process::id()));
        fs::create_dir_all(folder.join("real/below")).unwrap();
        let folder = folder.canonicalize().unwrap();
        symlink("second", folder.join("first")).unwrap();
        symlink(folder.join("real"), folder.join("second")).unwrap();
        symlink("round", folder.join("round")).unwrap();
        let places = |path: &str| {
            let places = trail(&folder.join(path)).into_iter();
            let places = places.map(|place| place.strip_prefix(&folder).unwrap().to_owned());
            let places: Vec<_> = places.map(|place| place.display().to_string()).collect();
            places.join(" ")
        };
        assert_eq!(places("real/below"), "real/below");
        assert_eq!(
            places("first/below/../none"),
            "first second real/none",
            "a link to a link"
        );
        assert_eq!(places("round/x").split(' ').count(), MAX_LINKS + 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
