//! Parses the options that make a tree differ from its image.

use super::args::RawArgs;
use crate::error::{Error, ValueFault};
use crate::sys;
use crate::tarball::LayerPath;
use crate::tree_options::TreeOptions;

/// How a tree is to differ that a pull makes.
pub(super) fn tree_options(args: &RawArgs) -> Result<TreeOptions, Error> {
    match uid_shift(args)? {
        1.. if !sys::is_root() => Err(ValueFault::NotRoot.of("--uid-shift")),
        _ => {
            let options = [parts(args)?, owners(args)?];
            Ok(TreeOptions::new(options.concat()))
        }
    }
}

/// How a tree differs that is only compared, which anybody may do, and which part of it is compared.
/// A tree that was pulled whole has more in it than the part: only `--partial` says that it was not.
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

/// The part of the image.
fn parts(args: &RawArgs) -> Result<Vec<String>, Error> {
    let parts = args.parts.iter();
    let parts = parts.map(|(option, text)| Ok(format!("{option}={}", path(option, text)?)));
    parts.collect()
}

/// Who owns what is in the tree.
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
