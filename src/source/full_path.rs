//! The absolute path of an archive or layout for a record, which may be read in another working
//! directory.

use super::layout::Layout;
use std::path::{Component, Path, PathBuf};

impl Layout {
    /// Its name with an absolute path, except for a pipe, which cannot be opened again.
    pub(super) fn full_name(&self) -> String {
        let typed = self.to_string();
        let full = self.path().map(|path| with_full_path(&typed, path));
        full.unwrap_or(typed)
    }
}

/// The name of an image, `oci:PATH:NAME`, with its `path` made absolute.
fn with_full_path(name: &str, path: &Path) -> String {
    let parts = name.split_once(':').and_then(|(form, rest)| {
        let rest = rest.strip_prefix(&*path.to_string_lossy())?;
        Some((form, rest))
    });
    parts.map_or_else(
        || name.to_owned(),
        |(form, rest)| format!("{form}:{}{rest}", full_path(path).display()),
    )
}

/// The absolute form of `path`, without `.` and `..`. Symlinks are kept, because one may serve as a
/// name, like a tag: `current.tar` may lead to today's archive. Only before `..` is a symlink
/// resolved, because the kernel goes up from its target.
fn full_path(path: &Path) -> PathBuf {
    // Fails only if the working directory was removed, from which nothing can be found anyway.
    let Ok(whole) = std::path::absolute(path) else {
        return path.to_owned();
    };
    let mut full = PathBuf::new();
    for component in whole.components() {
        let is_up = component == Component::ParentDir;
        match is_up.then(|| full.canonicalize()) {
            Some(Ok(real)) => {
                full = real;
                full.pop();
            }
            Some(Err(_)) | None => full.push(component),
        }
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_name_of_the_image_stays_behind_the_path() {
        for (name, path, full) in [
            ("oci:/a/./b:1", "/a/./b", "oci:/a/b:1"),
            ("oci:/oci:oci", "/oci", "oci:/oci:oci"),
            (
                "oci-archive:/a:b.tar:host:5000/c:1",
                "/a:b.tar",
                "oci-archive:/a:b.tar:host:5000/c:1",
            ),
            ("oci:/../x/", "/../x/", "oci:/x"),
        ] {
            assert_eq!(with_full_path(name, Path::new(path)), full);
        }
    }

    #[test]
    fn only_links_before_two_dots_are_followed() {
        let folder = std::env::temp_dir().join(format!("roots-full-path-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("a/b")).unwrap();
        let real = folder.canonicalize().unwrap();
        symlink("a/b", real.join("link")).unwrap();
        symlink("x.tar", real.join("current.tar")).unwrap();
        for (path, full) in [
            ("x.tar", "x.tar"),
            ("./a/./b//x.tar", "a/b/x.tar"),
            ("layout/", "layout"),
            ("current.tar", "current.tar"),
            ("link/x.tar", "link/x.tar"),
            // The kernel goes up from `a`.
            ("link/../x.tar", "a/x.tar"),
            ("a/../link/../../x.tar", "x.tar"),
            // A missing component leads nowhere, whatever follows it.
            ("none/../x.tar", "none/../x.tar"),
        ] {
            assert_eq!(full_path(&real.join(path)), real.join(full), "{path}");
        }
        assert_eq!(full_path(Path::new("/../../x")), Path::new("/x"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(full_path(Path::new("x:1")), here.join("x:1"));
        let above = here.parent().unwrap().join("x");
        assert_eq!(full_path(Path::new("../x")), above);
        fs::remove_dir_all(&folder).unwrap();
    }
}
