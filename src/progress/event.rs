//! What happens, for people and for programs.

use super::bytes;
use crate::error::escaped;
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
    Progress(Reached),
    Error {
        message: &'e str,
        #[serde(skip_serializing_if = "Option::is_none")]
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
pub(super) struct Reached {
    pub(super) layer: usize,
    pub(super) layers: usize,
    /// Of all layers, compressed.
    pub(super) bytes: u64,
    /// How many there will be.
    pub(super) total: u64,
    /// In bytes per second, on average.
    pub(super) rate: u64,
    /// What takes the time.
    pub(super) state: &'static str,
}

impl Event<'_> {
    /// One line.
    pub(super) fn to_json(&self) -> String {
        // Strings and numbers alone always become JSON.
        serde_json::to_string(self).unwrap_or_default()
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
            Self::Progress(reached) => reached.to_line(usize::MAX, None),
            Self::Error { message, hint, .. } => {
                let hint = hint.iter().map(|hint| format!("\nhint: {}", escaped(hint)));
                return format!("roots: {}{}\n", escaped(message), hint.collect::<String>());
            }
        };
        format!("{}\n", escaped(&line))
    }
}
