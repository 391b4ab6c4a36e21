//! What happens, for people and for programs.

use super::bytes;
use crate::error::escaped;
use crate::oci::json_line;
use serde::Serialize;

/// Something that is said.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event<'e> {
    Detail {
        message: &'e str,
    },
    Step {
        message: &'e str,
    },
    Warning {
        message: &'e str,
    },
    Layer(Layer<'e>),
    /// Of all layers together.
    Progress(Reached<'e>),
    Error {
        message: &'e str,
        hint: Option<String>,
        exit_code: u8,
    },
}

/// A layer that is about to come.
#[derive(Serialize)]
pub(super) struct Layer<'e> {
    /// From one on.
    pub(super) layer: usize,
    /// How many there are.
    pub(super) layers: usize,
    pub(super) digest: &'e str,
    /// In bytes, compressed.
    pub(super) size: u64,
    /// In words.
    pub(super) origin: &'e str,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Reached<'r> {
    pub(super) layer: u64,
    /// None before it is known how many there are.
    pub(super) layers: u64,
    /// Of all layers, compressed.
    pub(super) bytes: u64,
    /// How many there will be.
    pub(super) total: u64,
    /// In bytes per second, of late; 0 if it is not known.
    pub(super) rate: u64,
    /// In seconds, if that can be told.
    pub(super) left: Option<u64>,
    /// What takes the time.
    pub(super) state: &'static str,
    /// Whom, if that is it.
    pub(super) waiting_for: Option<&'r str>,
    /// For how many seconds already.
    #[serde(skip)]
    pub(super) silence: u64,
}

impl Event<'_> {
    /// One line.
    pub(super) fn to_json(&self) -> String {
        json_line(self)
    }

    /// One line or two, without what a terminal would obey.
    pub(super) fn to_lines(&self) -> String {
        let line = match self {
            Self::Detail { message } | Self::Step { message } => (*message).to_owned(),
            Self::Warning { message } => format!("roots: warning: {message}"),
            Self::Layer(Layer {
                layer,
                layers,
                digest,
                size,
                origin,
            }) => {
                let size = bytes(*size);
                format!("layer {layer}/{layers} {digest} {size} ({origin})")
            }
            Self::Progress(reached) => reached.to_line(usize::MAX),
            Self::Error { message, hint, .. } => {
                let hint = hint.iter().map(|hint| format!("\nhint: {}", escaped(hint)));
                return format!("roots: {}{}\n", escaped(message), hint.collect::<String>());
            }
        };
        format!("{}\n", escaped(&line))
    }
}
