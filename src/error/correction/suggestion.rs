//! What the user more likely meant than what the error is about.

use crate::error::sentence::{around, escaped, path_of};
use std::path::PathBuf;

/// What was likelier meant.
pub enum Suggestion {
    /// The file or folder of this name, and not an image.
    Path(PathBuf),
    /// The image of this name, and not a folder.
    Image(String),
    /// The operands of a command the other way round, as they are written then.
    Swapped(String),
    /// Perhaps that, as they are written then: or the first one does not exist.
    PerhapsSwapped(String),
    /// This command line.
    Line(String),
    /// The last operand as the value of an option, as that is written then.
    Option(String),
}

impl Suggestion {
    pub(in crate::error) fn hint(&self) -> Option<String> {
        match self {
            Self::Path(path) => {
                let before = "for the file or folder of this name, write ./";
                around(before, &path_of(path), "")
            }
            Self::Image(name) => around("for the image of this name, write ", &escaped(name), ""),
            Self::Swapped(line) => around("the operands are swapped: write ", &escaped(line), ""),
            Self::Option(line) => around("name the file with -o: ", &escaped(line), ""),
            Self::Line(line) => around("write ", &escaped(line), ""),
            Self::PerhapsSwapped(line) => around(
                "check the path; if the operands are swapped, write ",
                &escaped(line),
                "",
            ),
        }
    }
}
