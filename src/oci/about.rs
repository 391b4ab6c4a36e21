//! What a config says that no tree is made of: image-spec config.md, `created` and `config`.
//!
//! A pull does without it. So what makes no sense there is no reason to refuse the image: it is
//! noted, and who needs it refuses.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// When an image was made, and how its author wants it to be run. What is empty is not said.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    /// As written: a date of RFC 3339 if the author's tool was sane.
    #[serde(skip)]
    pub created: Option<String>,
    /// The words that a command begins with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The words behind those, unless somebody gives others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// `NAME=VALUE`, as far as the author knows what that is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// `user`, `uid`, `user:group` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where the command starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// `80/tcp` and the like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// Paths of data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// A name or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// The fields that are not of the type that they must be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<&'static str>,
}

/// The fields of an object that are not read yet, and those that made no sense.
struct Fields {
    object: Map<String, Value>,
    malformed: Vec<&'static str>,
}

impl About {
    /// Reads the bytes of a config.
    pub fn parse(bytes: &[u8]) -> Self {
        let whole = serde_json::from_slice(bytes).ok().and_then(object);
        let malformed = whole.is_none().then_some("config").into_iter().collect();
        let mut outer = Fields {
            object: whole.unwrap_or_default(),
            malformed,
        };
        let created = outer.text("created");
        let mut run = Fields {
            object: outer.take("config", object),
            malformed: outer.malformed,
        };
        Self {
            created,
            ports: run.take("ExposedPorts", keys),
            volumes: run.take("Volumes", keys),
            entrypoint: run.take("Entrypoint", texts),
            cmd: run.take("Cmd", texts),
            env: run.take("Env", texts),
            user: run.text("User"),
            workdir: run.text("WorkingDir"),
            labels: run.take("Labels", pairs),
            stop_signal: run.text("StopSignal"),
            malformed: run.malformed,
        }
    }
}

impl Fields {
    /// The value, where there is one; `null` and nothing at all are the same to Go.
    fn take<T: Default>(&mut self, name: &'static str, read: fn(Value) -> Option<T>) -> T {
        match self.object.remove(name) {
            None | Some(Value::Null) => T::default(),
            Some(value) => read(value).unwrap_or_else(|| {
                self.malformed.push(name);
                T::default()
            }),
        }
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let value = self.take(name, text);
        Some(value).filter(|value| !value.is_empty())
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values.into_iter().map(text).collect(),
        _ => None,
    }
}

/// Go's way to write a set: only the names count.
fn keys(value: Value) -> Option<Vec<String>> {
    object(value).map(|object| object.into_iter().map(|(key, _)| key).collect())
}

fn pairs(value: Value) -> Option<BTreeMap<String, String>> {
    let pairs = object(value)?.into_iter();
    pairs
        .map(|(key, value)| Some((key, text(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_noted_and_the_rest_is_read() {
        let json = br#"{"created":5,"config":{"Env":[1],"Cmd":null,"User":{},"WorkingDir":"/srv",
            "ExposedPorts":{"80/tcp":{},"53/udp":null},"Volumes":[],"Labels":{"a":null}}}"#;
        let about = About::parse(json);
        let faults = ["created", "Volumes", "Env", "User", "Labels"];
        assert_eq!(about.malformed, faults);
        assert_eq!(about.workdir.as_deref(), Some("/srv"));
        assert_eq!(about.ports, ["53/udp", "80/tcp"]);
        assert_eq!((about.created, about.user), (None, None));
    }

    #[test]
    fn what_is_no_config_says_nothing() {
        let deep = format!("{{\"config\":{}", "[".repeat(100_000));
        for json in ["", "5", "{", r#"{"config":5}"#, &deep] {
            assert_eq!(
                About::parse(json.as_bytes()).malformed,
                ["config"],
                "{json}"
            );
        }
        for json in ["{}", r#"{"config":null}"#, r#"{"config":{"User":""}}"#] {
            let about = About::parse(json.as_bytes());
            assert_eq!(about.malformed, [""; 0]);
            assert_eq!(about.user, None);
        }
    }
}
