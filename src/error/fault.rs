//! Errors of layouts on disk and of the command line, and other parts of errors.

use super::ValueFault;

/// What is wrong with a command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Usage {
    /// Nothing at all.
    NoCommand,
    /// A command that there is not.
    UnknownCommand {
        /// As typed.
        typed: String,
        /// What may have been meant.
        meant: Option<&'static str>,
    },
    /// An option that the command does not have.
    UnknownOption {
        /// The command.
        command: &'static str,
        /// As typed.
        typed: String,
        /// What may have been meant.
        meant: Option<&'static str>,
        /// A command that has it.
        other: Option<&'static str>,
        /// Whether its value was `false`.
        is_off: bool,
    },
    /// An operand is missing.
    MissingOperand {
        /// The command.
        command: &'static str,
        /// The operand.
        operand: &'static str,
        /// The one before it, as typed.
        before: Option<String>,
    },
    /// One operand too many.
    ExtraOperand {
        /// The command.
        command: &'static str,
        /// As typed.
        typed: String,
    },
    /// An option without its value, or a value that the option cannot take.
    Value {
        /// The command, where it is known whose option it is.
        command: Option<&'static str>,
        /// The option.
        option: String,
        /// What is wrong.
        why: ValueFault,
    },
}
