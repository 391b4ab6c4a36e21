//! What the options mean that make a tree differ from its image.

use super::syntax::Typed;
use crate::error::{Error, ValueFault};
use crate::oci::Alterations;
use crate::sys;
use crate::tarball::LayerPath;

/// How a tree is to differ that a pull makes.
pub(super) fn alterations(typed: &Typed) -> Result<Alterations, Error> {
    match uid_shift(typed)? {
        1.. if !sys::is_root() => Err(ValueFault::NotRoot.of("--uid-shift")),
        _ => compared(typed),
    }
}

/// How one is to differ that is only compared, which anybody may do.
pub(super) fn compared(typed: &Typed) -> Result<Alterations, Error> {
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
    let path = path.map_err(|_| ValueFault::Path.of(option))?;
    let mut spelling = String::new();
    for name in path.as_parents().components() {
        spelling.push('/');
        spelling += &name.to_string_lossy();
    }
    match spelling.is_empty() {
        true => Err(ValueFault::Root.of(option)),
        false => Ok(spelling),
    }
}

fn uid_shift(typed: &Typed) -> Result<u32, Error> {
    let Some(text) = &typed.uid_shift else {
        return Ok(0);
    };
    let shift = text.parse().ok().filter(|&shift| shift != u32::MAX);
    let wrong = |why: ValueFault| Err(why.of("--uid-shift"));
    match shift {
        None => wrong(ValueFault::Shift),
        Some(_) if typed.strip_owner => wrong(ValueFault::NotWith("--strip-owner")),
        Some(shift) => Ok(shift),
    }
}
