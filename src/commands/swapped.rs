//! Suggests swapping IMAGE and DEST: tar and importctl take them in another order than curl and skopeo.

use crate::error::{Error, ErrorKind, LayoutFault, RegistryError, Suggestion};
use crate::oci::{HUB, Reference};
use crate::source::{ImageName, Local};
use std::ffi::OsStr;
use std::path::Path;

/// How much DEST looks like an image.
#[derive(PartialEq, Eq)]
enum Likeness {
    /// It may be a folder or an image: `debian`.
    Some,
    /// It has a tag, a digest, a host or a transport.
    Full,
}

/// An `error` of `roots pull IMAGE DEST`, with a suggestion if DEST looks like the image.
pub(super) fn or_swapped_pull(image: &ImageName, dest: &Path, error: Error) -> Error {
    let is_miss = match (image, error.kind()) {
        (ImageName::Local(local), ErrorKind::Layout(error)) => {
            use LayoutFault::{NotALayout, NotAnArchive, NothingThere};
            !local.is_stdin() && matches!(error.reason, NothingThere | NotALayout | NotAnArchive)
        }
        (ImageName::Registry(_), ErrorKind::Registry(error)) => matches!(
            error,
            RegistryError::NotFound { .. } | RegistryError::Denied { .. }
        ),
        _ => false,
    };
    let likeness = likeness(dest).filter(|_| is_miss && !dest.exists());
    let Some((likeness, folder)) = likeness.zip(folder(image)) else {
        return error;
    };
    let line = format!("roots pull {} {folder}", dest.display());
    let is_nothing = matches!(error.kind(), ErrorKind::Layout(error) if error.reason == LayoutFault::NothingThere);
    let suggestion = match likeness {
        Likeness::Full => Suggestion::Swapped(line),
        Likeness::Some if is_nothing => Suggestion::PerhapsSwapped(line),
        // A path that is not an image has its own hint, and the order of two plain words is unknown.
        Likeness::Some => return error,
    };
    error.suggesting(suggestion)
}

/// An `error` of `roots verify DEST IMAGE`, with a suggestion if IMAGE is the folder.
pub(super) fn or_swapped_verify(dest: &Path, image: Option<&ImageName>, error: Error) -> Error {
    let folder = image.and_then(folder);
    // A layout is an image, not a tree.
    let is_tree = |folder: &Path| folder.is_dir() && !folder.join("oci-layout").exists();
    let folder = folder.filter(|folder| is_tree(Path::new(folder)));
    match folder {
        Some(folder) if !dest.exists() && likeness(dest).is_some() => {
            let line = format!("roots verify {folder} {}", dest.display());
            error.suggesting(Suggestion::Swapped(line))
        }
        _ => error,
    }
}

fn likeness(dest: &Path) -> Option<Likeness> {
    let text = dest.to_str()?;
    if Local::parse(OsStr::new(text)).is_some() {
        return Some(Likeness::Full);
    }
    let reference = Reference::parse(text).ok()?;
    let is_full = text.contains([':', '@']) || reference.registry() != HUB;
    Some(if is_full {
        Likeness::Full
    } else {
        Likeness::Some
    })
}

/// The folder that was typed as IMAGE.
fn folder(image: &ImageName) -> Option<String> {
    match image {
        ImageName::Local(local) => local.path.to_str().map(str::to_owned),
        ImageName::Registry(reference) => {
            let repository = reference.repository();
            let name = repository.strip_prefix("library/").unwrap_or(repository);
            let is_bare = reference.registry() == HUB && reference.tag() == Some("latest");
            is_bare.then(|| format!("./{name}"))
        }
    }
}
