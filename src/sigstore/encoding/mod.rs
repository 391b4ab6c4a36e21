//! PEM, the JSON of protocol buffers, and times in all of them.

pub(crate) mod json;
pub(crate) mod json_reader;
pub(crate) mod pem;
pub(crate) mod time;
