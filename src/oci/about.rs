//! What a config says that no tree is made of: image-spec config.md, `created` and `config`.
//!
//! A pull does without it. So what makes no sense there is no reason to refuse the image: it is
//! noted, and who needs it refuses.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    created: Option<Field<String>>,
    config: Option<Field<Run>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Run {
    entrypoint: Option<Field<Vec<String>>>,
    cmd: Option<Field<Vec<String>>>,
    env: Option<Field<Vec<String>>>,
    user: Option<Field<String>>,
    working_dir: Option<Field<String>>,
    exposed_ports: Option<Field<Keys>>,
    volumes: Option<Field<Keys>>,
    labels: Option<Field<BTreeMap<String, String>>>,
    stop_signal: Option<Field<String>>,
}

/// Go's way to write a set: only the names count.
type Keys = BTreeMap<String, IgnoredAny>;

/// A value of the right type, or any other.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field<T> {
    Known(T),
    Malformed(IgnoredAny),
}

impl About {
    /// Reads the bytes of a config.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut malformed = Vec::new();
        let whole =
            serde_json::from_slice(bytes).map_or(Field::Malformed(IgnoredAny), Field::Known);
        let config: Config = known(Some(whole), "config", &mut malformed);
        let created: String = known(config.created, "created", &mut malformed);
        let run: Run = known(config.config, "config", &mut malformed);
        let faults = &mut malformed;
        let ports: Keys = known(run.exposed_ports, "ExposedPorts", faults);
        let volumes: Keys = known(run.volumes, "Volumes", faults);
        let given = |value: String| Some(value).filter(|value| !value.is_empty());
        Self {
            created: given(created),
            entrypoint: known(run.entrypoint, "Entrypoint", faults),
            cmd: known(run.cmd, "Cmd", faults),
            env: known(run.env, "Env", faults),
            user: given(known(run.user, "User", faults)),
            workdir: given(known(run.working_dir, "WorkingDir", faults)),
            ports: ports.into_keys().collect(),
            volumes: volumes.into_keys().collect(),
            labels: known(run.labels, "Labels", faults),
            stop_signal: given(known(run.stop_signal, "StopSignal", faults)),
            malformed,
        }
    }
}

/// The value, where there is one; `null` and nothing at all are the same to Go.
fn known<T: Default>(
    field: Option<Field<T>>,
    name: &'static str,
    malformed: &mut Vec<&'static str>,
) -> T {
    match field {
        Some(Field::Known(value)) => value,
        None => T::default(),
        Some(Field::Malformed(_)) => {
            malformed.push(name);
            T::default()
        }
    }
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
