//! What an in-toto statement says, to be shown: <https://slsa.dev/provenance/>, versions 1 and 0.2. Read leniently, and without
//! believing it, since every builder has fields of its own.

use serde::Serialize;
use serde_json::Value;

/// The longest text that is shown, in bytes.
const MAX_TEXT: usize = 1024;

/// Where GitHub's actions, BuildKit and the generators of SLSA write each field. The first text that is not empty counts.
const REPOSITORY: &[&str] = &[
    "/buildDefinition/externalParameters/workflow/repository",
    "/buildDefinition/externalParameters/configSource/uri",
    "/runDetails/metadata/buildkit_metadata/vcs/source",
    "/invocation/configSource/uri",
    "/metadata/https:~1~1mobyproject.org~1buildkit@v1#metadata/vcs/source",
];
const COMMIT: &[&str] = &[
    "/buildDefinition/resolvedDependencies/0/digest/gitCommit",
    "/buildDefinition/externalParameters/configSource/digest/sha1",
    "/runDetails/metadata/buildkit_metadata/vcs/revision",
    "/invocation/configSource/digest/sha1",
    "/metadata/https:~1~1mobyproject.org~1buildkit@v1#metadata/vcs/revision",
];
const WORKFLOW: &[&str] = &[
    "/buildDefinition/externalParameters/workflow/path",
    "/invocation/configSource/entryPoint",
];
const BUILDER: &[&str] = &["/runDetails/builder/id", "/builder/id"];

/// What a statement says of the build. Only its signature makes that true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The URL of the repository that was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The commit that was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The path of the workflow that built it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The URL of the builder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
}

impl Provenance {
    /// Reads a statement: the type of its predicate, and what that says of the build. None if it has no type.
    pub fn of_statement(statement: &[u8]) -> Option<(String, Self)> {
        let statement: Value = serde_json::from_slice(statement).ok()?;
        let predicate_type = text(&statement, &["/predicateType"])?;
        let predicate = statement.get("predicate").unwrap_or(&Value::Null);
        let provenance = Self {
            repository: text(predicate, REPOSITORY),
            commit: text(predicate, COMMIT),
            // BuildKit has the name of the Dockerfile there.
            workflow: text(predicate, WORKFLOW).filter(|path| is_workflow(path)),
            builder: text(predicate, BUILDER),
        };
        Some((predicate_type, provenance))
    }
}

fn is_workflow(path: &str) -> bool {
    path.ends_with(".yml") || path.ends_with(".yaml")
}

fn text(json: &Value, places: &[&str]) -> Option<String> {
    let texts = places
        .iter()
        .filter_map(|place| json.pointer(place)?.as_str());
    let mut texts = texts.filter(|text| !text.is_empty() && text.len() <= MAX_TEXT);
    texts.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(predicate: &str) -> Provenance {
        let json = format!(r#"{{"predicateType": "p", "predicate": {predicate}}}"#);
        Provenance::of_statement(json.as_bytes()).unwrap().1
    }

    fn of(texts: [&str; 4]) -> Provenance {
        let [repository, commit, workflow, builder] =
            texts.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()));
        Provenance {
            repository,
            commit,
            workflow,
            builder,
        }
    }

    #[test]
    fn both_versions_and_all_builders_are_read() {
        let github = r#"{"buildDefinition": {
            "externalParameters": {"workflow": {"repository": "r", "path": ".github/workflows/w.yml"}},
            "resolvedDependencies": [{"uri": "u", "digest": {"gitCommit": "c"}}]},
            "runDetails": {"builder": {"id": "b"}}}"#;
        let workflow = ".github/workflows/w.yml";
        assert_eq!(read(github), of(["r", "c", workflow, "b"]));
        let generator = r#"{"builder": {"id": "b"}, "invocation": {"configSource":
            {"uri": "r", "digest": {"sha1": "c"}, "entryPoint": ".github/workflows/w.yml"}}}"#;
        assert_eq!(read(generator), of(["r", "c", workflow, "b"]));
        let buildkit = r#"{"builder": {"id": ""}, "invocation": {"configSource": {"entryPoint": "Dockerfile"}},
            "metadata": {"https://mobyproject.org/buildkit@v1#metadata": {"vcs": {"source": "r", "revision": "c"}}}}"#;
        assert_eq!(read(buildkit), of(["r", "c", "", ""]));
        let buildkit = r#"{"buildDefinition": {"externalParameters": {"configSource": {"path": "Dockerfile"}}},
            "runDetails": {"builder": {"id": "b"}, "metadata": {"buildkit_metadata": {"vcs": {"source": "r"}}}}}"#;
        assert_eq!(read(buildkit), of(["r", "", "", "b"]));
    }

    #[test]
    fn whatever_makes_no_sense_is_left_out() {
        let long = "x".repeat(MAX_TEXT + 1);
        let long = format!(r#"{{"builder": {{"id": "{long}"}}}}"#);
        for predicate in ["5", "[]", r#"{"builder": []}"#, &long] {
            assert_eq!(read(predicate), Provenance::default(), "{predicate}");
        }
        for statement in ["", "{}", "[]", r#"{"predicateType": 5}"#] {
            assert_eq!(Provenance::of_statement(statement.as_bytes()), None);
        }
    }
}
