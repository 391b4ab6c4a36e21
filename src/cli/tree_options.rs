//! Parses the options that make a tree differ from its image.

use super::args::RawArgs;
use crate::error::{Error, ValueFault};
use crate::sys;
use crate::tarball::LayerPath;
use crate::tree_options::TreeOptions;

/// The options of a pull.
pub(super) fn tree_options(args: &RawArgs) -> Result<TreeOptions, Error> {
    match uid_shift(args)? {
        1.. if !sys::is_root() => Err(ValueFault::NotRoot.of("--uid-shift")),
        _ => {
            let options = [parts(args)?, owners(args)?];
            Ok(TreeOptions::new(options.concat()))
        }
    }
}

/// The options that the tree was pulled with, and the scope of the comparison. `--include` and `--exclude`
/// are the scope, unless `--partial` says that the tree was pulled with them.
pub(super) fn compared(args: &RawArgs) -> Result<(TreeOptions, TreeOptions), Error> {
    let (parts, owners) = (parts(args)?, owners(args)?);
    if args.partial && parts.is_empty() {
        return Err(ValueFault::OnlyWith("--include or --exclude").of("--partial"));
    }
    let (of_tree, part) = if args.partial {
        ([parts, owners].concat(), Vec::new())
    } else {
        (owners, parts)
    };
    Ok((TreeOptions::new(of_tree), TreeOptions::new(part)))
}

/// `--include` and `--exclude`.
fn parts(args: &RawArgs) -> Result<Vec<String>, Error> {
    let parts = args.parts.iter();
    let parts = parts.map(|(option, text)| Ok(format!("{option}={}", path(option, text)?)));
    parts.collect()
}

/// `--strip-owner` and `--uid-shift`.
fn owners(args: &RawArgs) -> Result<Vec<String>, Error> {
    let mut options = Vec::new();
    if args.strip_owner {
        options.push("--strip-owner".to_owned());
    }
    match uid_shift(args)? {
        0 => {}
        shift => options.push(format!("--uid-shift={shift}")),
    }
    Ok(options)
}

/// A path in an image, normalized.
fn path(option: &str, text: &str) -> Result<String, Error> {
    let path = LayerPath::parse(text.as_bytes());
    let path = path.map_err(|_| ValueFault::Path.of(option))?;
    let mut spelling = String::new();
    for name in path.as_parents().components() {
        spelling.push('/');
        spelling += &name.to_string_lossy();
    }
    if spelling.is_empty() {
        return Err(ValueFault::Root.of(option));
    }
    Ok(spelling)
}

fn uid_shift(args: &RawArgs) -> Result<u32, Error> {
    let Some(text) = &args.uid_shift else {
        return Ok(0);
    };
    let shift = text.parse().ok().filter(|&shift| shift != u32::MAX);
    let wrong = |why: ValueFault| Err(why.of("--uid-shift"));
    match shift {
        None => wrong(ValueFault::Shift),
        Some(_) if args.strip_owner => wrong(ValueFault::NotWith("--strip-owner")),
        Some(shift) => Ok(shift),
    }
}
