//! What the options mean that make a tree differ from its image.

use super::options::senseless;
use super::syntax::Typed;
use crate::error::Error;
use crate::oci::Alterations;
use crate::sys;
use crate::tarball::LayerPath;

/// What is to differ.
pub(super) fn alterations(typed: &Typed) -> Result<Alterations, Error> {
    Ok(Alterations {
        include: paths("--include", &typed.includes)?,
        exclude: paths("--exclude", &typed.excludes)?,
        strip_owner: typed.strip_owner,
        uid_shift: uid_shift(typed)?,
    })
}

/// Paths in an image, in one spelling and order: the same ones make the same tree.
fn paths(option: &str, typed: &[String]) -> Result<Vec<String>, Error> {
    let path = |text: &String| {
        let path = LayerPath::parse(text.as_bytes());
        let path =
            path.map_err(|_| senseless(option, "not a path in an image: it holds no `..`"))?;
        let components = path.as_parents().components();
        let path: String = components
            .map(|name| format!("/{}", name.to_string_lossy()))
            .collect();
        match path.is_empty() {
            true => Err(senseless(option, "a path below the root is missing")),
            false => Ok(path),
        }
    };
    let mut paths = typed.iter().map(path).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn uid_shift(typed: &Typed) -> Result<u32, Error> {
    let Some(text) = &typed.uid_shift else {
        return Ok(0);
    };
    let shift = text.parse().ok().filter(|&shift| shift != u32::MAX);
    let wrong = |why| Err(senseless("--uid-shift", why));
    match shift {
        None => wrong("not a number of ids from 0 to 4294967294"),
        Some(_) if typed.strip_owner => wrong("not together with --strip-owner"),
        Some(1..) if !sys::is_root() => wrong("only root can give files away"),
        Some(shift) => Ok(shift),
    }
}
