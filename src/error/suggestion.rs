//! What the user probably meant instead.

use super::text::{around, escaped, path_of};
use super::{Category, Error, Subject};
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

pub enum Suggestion {
    /// The file or folder of this name, in place of an image.
    Path(PathBuf),
    /// The image of this name, in place of a folder.
    Image(String),
    /// The command line with its operands swapped.
    Swapped(String),
    /// The same, unless the first operand is misspelt.
    PerhapsSwapped(String),
    /// Another command line.
    Line(String),
    /// The command line with its last operand as the value of `-o`.
    Option(String),
}

/// An error whose hint is a suggestion.
pub struct SuggestingError {
    suggestion: Suggestion,
    error: Error,
}

impl Error {
    /// The same error with another hint.
    pub fn suggesting(self, suggestion: Suggestion) -> Self {
        SuggestingError {
            suggestion,
            error: self,
        }
        .into()
    }
}

impl Display for SuggestingError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Subject for SuggestingError {
    fn hint(&self) -> Option<String> {
        match &self.suggestion {
            Suggestion::Path(path) => {
                let before = "for the file or folder of this name, write ./";
                around(before, &path_of(path), "")
            }
            Suggestion::Image(name) => {
                around("for the image of this name, write ", &escaped(name), "")
            }
            Suggestion::Swapped(line) => {
                around("the operands are swapped: write ", &escaped(line), "")
            }
            Suggestion::PerhapsSwapped(line) => {
                let before = "check the path; if the operands are swapped, write ";
                around(before, &escaped(line), "")
            }
            Suggestion::Line(line) => around("write ", &escaped(line), ""),
            Suggestion::Option(line) => around("name the file with -o: ", &escaped(line), ""),
        }
    }

    fn category(&self) -> Category {
        self.error.category()
    }
}
