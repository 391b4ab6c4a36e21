//! What the options mean that make a tree differ from its image.

use super::options::senseless;
use super::syntax::Typed;
use crate::error::Error;
use crate::oci::Alterations;
use crate::sys;
use crate::tarball::LayerPath;

/// What is to differ.
pub(super) fn alterations(typed: &Typed) -> Result<Alterations, Error> {
    let mut options = Vec::new();
    for (option, text) in &typed.parts {
        options.push(format!("{option}={}", path(option, text)?));
    }
    if typed.strip_owner {
        options.push("--strip-owner".to_owned());
    }
    match uid_shift(typed)? {
        0 => {}
        shift => options.push(format!("--uid-shift={shift}")),
    }
    Ok(Alterations::new(options))
}

/// A path in an image, in one spelling.
fn path(option: &str, text: &str) -> Result<String, Error> {
    let path = LayerPath::parse(text.as_bytes());
    let path = path.map_err(|_| {
        senseless(
            option,
            "not a path in an image: no `..`, and no name of more than 255 bytes",
        )
    })?;
    let mut spelling = String::new();
    for name in path.as_parents().components() {
        spelling.push('/');
        spelling += &name.to_string_lossy();
    }
    match spelling.is_empty() {
        true => Err(senseless(option, "a path below the root is missing")),
        false => Ok(spelling),
    }
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
