//! The fields of a config that do not affect the tree: image-spec config.md, `created` and
//! `config`.
//!
//! A pull does not need them, so malformed fields are noted rather than refused; a command that
//! needs them refuses.

use super::lenient::{Field, Lenient};
use super::{Healthcheck, HistoryEntry};
use serde::Serialize;
use serde::de::{IgnoredAny, MapAccess};
use std::collections::{BTreeMap, BTreeSet};

/// When an image was created, and how to run it. Missing fields are empty.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunConfig {
    /// As written; normally a date of RFC 3339.
    #[serde(skip)]
    pub created: Option<String>,
    /// The author, as written.
    #[serde(skip)]
    pub author: Option<String>,
    /// The build steps, first to last.
    #[serde(skip)]
    pub history: Vec<HistoryEntry>,
    /// The first words of the command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// The default arguments, which users may replace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Normally `NAME=VALUE`, but not checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// `user`, `uid`, `user:group` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The working directory of the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    /// `80/tcp` and the like.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// The paths of volumes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Free-form labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// A signal name or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Docker's health check, if any.
    #[serde(skip_serializing_if = "is_default")]
    pub healthcheck: Healthcheck,
    /// The shell that runs commands in shell form during a build.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shell: Vec<String>,
    /// Build instructions triggered in images based on this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_build: Vec<String>,
    /// The fields that have the wrong type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<&'static str>,
}

/// The fields of a config that are read. Of duplicate fields the last one counts, as in Go.
#[derive(Default)]
struct ConfigDocument {
    created: Field<String>,
    author: Field<String>,
    history: Field<Vec<HistoryEntry>>,
    run: Field<ConfigSection>,
}

#[derive(Default)]
struct ConfigSection {
    ports: Field<BTreeSet<String>>,
    volumes: Field<BTreeSet<String>>,
    entrypoint: Field<Vec<String>>,
    cmd: Field<Vec<String>>,
    env: Field<Vec<String>>,
    user: Field<String>,
    workdir: Field<String>,
    labels: Field<BTreeMap<String, String>>,
    stop_signal: Field<String>,
    healthcheck: Field<Healthcheck>,
    shell: Field<Vec<String>>,
    on_build: Field<Vec<String>>,
}

impl Lenient for ConfigDocument {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut config = Self::default();
        while let Some(name) = object.next_key::<String>()? {
            match name.as_str() {
                "created" => config.created = object.next_value()?,
                "author" => config.author = object.next_value()?,
                "history" => config.history = object.next_value()?,
                "config" => config.run = object.next_value()?,
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Field::Value(config))
    }
}

impl Lenient for ConfigSection {
    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Field<Self>, A::Error> {
        let mut run = Self::default();
        while let Some(name) = object.next_key::<String>()? {
            match name.as_str() {
                "ExposedPorts" => run.ports = object.next_value()?,
                "Volumes" => run.volumes = object.next_value()?,
                "Entrypoint" => run.entrypoint = object.next_value()?,
                "Cmd" => run.cmd = object.next_value()?,
                "Env" => run.env = object.next_value()?,
                "User" => run.user = object.next_value()?,
                "WorkingDir" => run.workdir = object.next_value()?,
                "Labels" => run.labels = object.next_value()?,
                "StopSignal" => run.stop_signal = object.next_value()?,
                "Healthcheck" => run.healthcheck = object.next_value()?,
                "Shell" => run.shell = object.next_value()?,
                "OnBuild" => run.on_build = object.next_value()?,
                _ => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Field::Value(run))
    }
}

impl RunConfig {
    /// Parses the bytes of a config.
    pub fn parse(bytes: &[u8]) -> Self {
        let whole = match serde_json::from_slice(bytes) {
            Ok(Field::Value(whole)) => Field::Value(whole),
            Ok(Field::Nothing | Field::Malformed) | Err(_) => Field::Malformed,
        };
        let mut malformed = Vec::new();
        let faults = &mut malformed;
        let whole: ConfigDocument = whole.take("config", faults);
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let created = filled(whole.created.take("created", faults));
        let author = filled(whole.author.take("author", faults));
        let history = whole.history.take("history", faults);
        let run = whole.run.take("config", faults);
        Self {
            created,
            author,
            history,
            healthcheck: run.healthcheck.take("Healthcheck", faults),
            shell: run.shell.take("Shell", faults),
            on_build: run.on_build.take("OnBuild", faults),
            ports: Vec::from_iter(run.ports.take("ExposedPorts", faults)),
            volumes: Vec::from_iter(run.volumes.take("Volumes", faults)),
            entrypoint: run.entrypoint.take("Entrypoint", faults),
            cmd: run.cmd.take("Cmd", faults),
            env: run.env.take("Env", faults),
            user: filled(run.user.take("User", faults)),
            workdir: filled(run.workdir.take("WorkingDir", faults)),
            labels: run.labels.take("Labels", faults),
            stop_signal: filled(run.stop_signal.take("StopSignal", faults)),
            malformed,
        }
    }
}

fn is_default(healthcheck: &Healthcheck) -> bool {
    *healthcheck == Healthcheck::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_noted_and_the_rest_is_read() {
        let json = br#"{"created":5,"config":{"Env":[1],"Cmd":null,"User":{},"WorkingDir":"/srv",
            "ExposedPorts":{"80/tcp":{},"53/udp":null},"Volumes":[],"Labels":{"a":null}}}"#;
        let about = RunConfig::parse(json);
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
                RunConfig::parse(json.as_bytes()).malformed,
                ["config"],
                "{json}"
            );
        }
        for json in ["{}", r#"{"config":null}"#, r#"{"config":{"User":""}}"#] {
            let about = RunConfig::parse(json.as_bytes());
            assert_eq!(about.malformed, [""; 0]);
            assert_eq!(about.user, None);
        }
    }
}
