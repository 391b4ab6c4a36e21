//! What happens, for people and for programs.

use super::bytes;
use super::shorten::{MAX_LINE, shortened};
use crate::error::escaped;
use crate::escape::json_line;
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
    Layer(LayerEvent<'e>),
    /// Of all layers together.
    Progress(Snapshot<'e>),
    Error {
        message: &'e str,
        hint: Option<String>,
        exit_code: u8,
    },
}

/// A layer that is about to come.
#[derive(Serialize)]
pub(super) struct LayerEvent<'e> {
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
pub(super) struct Snapshot<'r> {
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
    /// One line. JSON may take a dozen bytes to escape one character.
    pub(super) fn to_json(&self) -> String {
        let (mut line, mut limit) = (json_line(self), MAX_LINE);
        while line.len() > MAX_LINE && limit > 0 {
            limit /= 2;
            line = self.to_shorter_json(limit);
        }
        line
    }

    /// The same with texts of `limit` bytes each.
    fn to_shorter_json(&self, limit: usize) -> String {
        let short = |text: &str| shortened(text, limit);
        match self {
            Self::Detail { message } => json_line(&Event::Detail {
                message: &short(message),
            }),
            Self::Step { message } => json_line(&Event::Step {
                message: &short(message),
            }),
            Self::Warning { message } => json_line(&Event::Warning {
                message: &short(message),
            }),
            Self::Layer(layer) => json_line(&Event::Layer(LayerEvent {
                origin: &short(layer.origin),
                ..*layer
            })),
            Self::Progress(reached) => json_line(&Event::Progress(Snapshot {
                waiting_for: reached.waiting_for.map(&short).as_deref(),
                ..*reached
            })),
            Self::Error {
                message,
                hint,
                exit_code,
            } => json_line(&Event::Error {
                message: &short(message),
                hint: hint.as_deref().map(short),
                exit_code: *exit_code,
            }),
        }
    }

    /// One line or two, without what a terminal would obey.
    pub(super) fn to_lines(&self) -> String {
        let line = match self {
            Self::Detail { message } | Self::Step { message } => (*message).to_owned(),
            Self::Warning { message } => format!("roots: warning: {message}"),
            Self::Layer(LayerEvent {
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
                let hint = hint.iter().map(|hint| fitting(&format!("hint: {hint}")));
                let error = fitting(&format!("roots: {message}"));
                return error + &hint.collect::<String>();
            }
        };
        fitting(&line)
    }
}

/// A line and its end.
fn fitting(line: &str) -> String {
    let mut line = shortened(&escaped(line), MAX_LINE - 1);
    line.push('\n');
    line
}
