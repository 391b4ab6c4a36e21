//! What the options mean that make a tree differ from its image.

use super::syntax::RawArgs;
use crate::error::{Error, ValueFault};
use crate::oci::TreeOptions;
use crate::sys;
use crate::tarball::LayerPath;

/// How a tree is to differ that a pull makes.
pub(super) fn tree_options(typed: &RawArgs) -> Result<TreeOptions, Error> {
    match uid_shift(typed)? {
        1.. if !sys::is_root() => Err(ValueFault::NotRoot.of("--uid-shift")),
        _ => {
            let options = [parts(typed)?, owners(typed)?];
            Ok(TreeOptions::new(options.concat()))
        }
    }
}

/// How a tree differs that is only compared, which anybody may do, and which part of it is compared.
/// A tree that was pulled whole has more in it than the part: only `--partial` says that it was not.
pub(super) fn compared(typed: &RawArgs) -> Result<(TreeOptions, TreeOptions), Error> {
    let (parts, owners) = (parts(typed)?, owners(typed)?);
    if typed.partial && parts.is_empty() {
        return Err(ValueFault::OnlyWith("--include or --exclude").of("--partial"));
    }
    let (of_tree, part) = if typed.partial {
        ([parts, owners].concat(), Vec::new())
    } else {
        (owners, parts)
    };
    Ok((TreeOptions::new(of_tree), TreeOptions::new(part)))
}

/// The part of the image.
fn parts(typed: &RawArgs) -> Result<Vec<String>, Error> {
    let parts = typed.parts.iter();
    let parts = parts.map(|(option, text)| Ok(format!("{option}={}", path(option, text)?)));
    parts.collect()
}

/// Who owns what is in the tree.
fn owners(typed: &RawArgs) -> Result<Vec<String>, Error> {
    let mut options = Vec::new();
    if typed.strip_owner {
        options.push("--strip-owner".to_owned());
    }
    match uid_shift(typed)? {
        0 => {}
        shift => options.push(format!("--uid-shift={shift}")),
    }
    Ok(options)
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

fn uid_shift(typed: &RawArgs) -> Result<u32, Error> {
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
