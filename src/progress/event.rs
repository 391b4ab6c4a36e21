//! Progress events, formatted for people and for programs.

use super::bytes;
use super::shorten::{MAX_LINE, shortened};
use crate::error::escaped;
use crate::escape::json_line;
use serde::Serialize;

/// A progress event.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Event<'e> {
    Detail {
        message: &'e str,
    },
    Step {
        message: &'e str,
    },
    Connection(ConnectionEvent),
    Warning {
        message: &'e str,
    },
    Layer(LayerEvent<'e>),
    /// The progress of all layers together.
    Progress(Snapshot<'e>),
    Error {
        message: &'e str,
        hint: Option<String>,
        exit_code: u8,
    },
}

/// A layer whose download starts.
#[derive(Serialize)]
pub(super) struct LayerEvent<'e> {
    /// The number of the layer, counted from 1.
    pub(super) layer: usize,
    /// The number of layers.
    pub(super) layers: usize,
    pub(super) digest: &'e str,
    /// The compressed size in bytes.
    pub(super) size: u64,
    /// The source, in words.
    pub(super) origin: &'e str,
}

/// Connections that are added because the pull waits for the network.
#[derive(Clone, Copy, Serialize)]
pub(super) struct ConnectionEvent {
    /// How many there are now.
    pub(super) connections: usize,
    /// Bytes per second before.
    pub(super) rate: u64,
}

/// A snapshot of the progress.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Snapshot<'r> {
    pub(super) layer: u64,
    /// The number of layers; 0 until it is known.
    pub(super) layers: u64,
    /// The bytes received so far, compressed, over all layers.
    pub(super) bytes: u64,
    /// The total to receive.
    pub(super) total: u64,
    /// The current rate in bytes per second; 0 if unknown.
    pub(super) rate: u64,
    /// The estimated time left in seconds, if known.
    pub(super) left: Option<u64>,
    /// The current activity.
    pub(super) state: &'static str,
    /// The server or process waited for, if any.
    pub(super) waiting_for: Option<&'r str>,
    /// How long it has been silent, in seconds.
    #[serde(skip)]
    pub(super) silence: u64,
}

impl Event<'_> {
    /// One line of JSON, shortened to fit. Escaping may take a dozen bytes for one character.
    pub(super) fn to_json(&self) -> String {
        let (mut line, mut limit) = (json_line(self), MAX_LINE);
        while line.len() > MAX_LINE && limit > 0 {
            limit /= 2;
            line = self.to_shorter_json(limit);
        }
        line
    }

    /// The same with each text limited to `limit` bytes.
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
            Self::Connection(connection) => json_line(&Event::Connection(*connection)),
            Self::Layer(layer) => json_line(&Event::Layer(LayerEvent {
                origin: &short(layer.origin),
                ..*layer
            })),
            Self::Progress(snapshot) => json_line(&Event::Progress(Snapshot {
                waiting_for: snapshot.waiting_for.map(&short).as_deref(),
                ..*snapshot
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

    /// One or two lines of text, without control characters.
    pub(super) fn to_lines(&self) -> String {
        let line = match self {
            Self::Detail { message } | Self::Step { message } => (*message).to_owned(),
            Self::Connection(ConnectionEvent { connections, rate }) => {
                let rate = bytes(*rate);
                format!("{connections} connections now: waiting for the network at {rate}/s")
            }
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
            Self::Progress(snapshot) => snapshot.to_line(usize::MAX),
            Self::Error { message, hint, .. } => {
                let hint = hint.iter().map(|hint| fitting(&format!("hint: {hint}")));
                let error = fitting(&format!("roots: {message}"));
                return error + &hint.collect::<String>();
            }
        };
        fitting(&line)
    }
}

/// A shortened line with its line feed.
fn fitting(line: &str) -> String {
    let mut line = shortened(&escaped(line), MAX_LINE - 1);
    line.push('\n');
    line
}
