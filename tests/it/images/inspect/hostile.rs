//! What an author may write into a config, to the harm of who looks at it.

use super::{inspect, json_of};
use crate::support::{Image, Index, Registry, Sandbox, hello, hello_layer};
use serde_json::{Value, json};

fn pushed(registry: &Registry, spoil: impl Fn(&mut Value) + 'static) -> String {
    let image = Image::new().layer(hello_layer()).config(spoil).build();
    registry.push("a/b", "1", &image)
}

/// C0, DEL, C1 and the marks that turn the direction of writing.
const EVIL: &str = "\u{1b}[2J\u{7}\r\n\u{7f}\u{9b}31m\u{202e}txt\u{2066}\0";

#[test]
fn nothing_that_a_terminal_would_obey_is_printed() {
    let (sandbox, registry) = (Sandbox::new("inspect_hostile"), Registry::start());
    let name = pushed(&registry, |document| {
        document["created"] = EVIL.into();
        document["author"] = EVIL.into();
        document["history"] = json!([{
            "created": EVIL, "created_by": EVIL, "author": EVIL, "comment": EVIL,
        }]);
        document["architecture"] = EVIL.into();
        document["config"] = json!({
            "Entrypoint": [EVIL], "Cmd": [EVIL], "Env": [EVIL], "User": EVIL, "WorkingDir": EVIL,
            "ExposedPorts": {EVIL: {}}, "Volumes": {EVIL: {}}, "Labels": {EVIL: EVIL}, "StopSignal": EVIL,
            "Healthcheck": {"Test": [EVIL], "Retries": u32::MAX}, "Shell": [EVIL], "OnBuild": [EVIL],
        });
    });
    let spoilt = |entry: &mut Value| entry["platform"]["variant"] = EVIL.into();
    let index = Index::new().image_with(&hello(), spoilt).image(&hello());
    let index = registry.push_index("c", "1", &index.build());
    for name in [&name, &index] {
        for option in ["--json", "--verbose"] {
            let run = inspect(&sandbox, &[name, option]).succeeds();
            let is_plain = |c: char| c == '\n' || (' '..='~').contains(&c);
            assert!(run.stdout.chars().all(is_plain), "{:?}", run.stdout);
            let is_said = option == "--json" || run.stderr.chars().all(is_plain);
            assert!(is_said, "{:?}", run.stderr);
        }
    }
    // A line of the page is one value, whatever it holds.
    let run = inspect(&sandbox, &[&name]).succeeds();
    assert_eq!(run.stdout.lines().count(), 23, "{}", run.stdout);
    assert!(
        run.stdout
            .contains("\nuser:         \\u{1b}[2J\\u{7}\\r\\n\\u{7f}")
    );
    // And a program gets it as it is.
    let run = inspect(&sandbox, &[&name, "--json"]).succeeds();
    let said: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(said["config"]["user"], EVIL);
    assert_eq!(said["config"]["labels"][EVIL], EVIL);
}

#[test]
fn fields_of_a_wrong_type_are_named_and_the_rest_is_shown() {
    let (sandbox, registry) = (Sandbox::new("inspect_hostile"), Registry::start());
    let fields = [
        "Entrypoint",
        "Cmd",
        "Env",
        "User",
        "WorkingDir",
        "ExposedPorts",
        "Volumes",
        "Labels",
        "StopSignal",
        "Healthcheck",
        "Shell",
        "OnBuild",
    ];
    for wrong in [
        json!(5),
        json!([5]),
        json!([null]),
        json!(true),
        json!({"a": {"b": []}}),
    ] {
        for field in fields {
            // Of these, only the names count.
            if wrong.is_object() && ["ExposedPorts", "Volumes", "Healthcheck"].contains(&field) {
                continue;
            }
            let value = wrong.clone();
            let name = pushed(&registry, move |document| {
                document["config"] = json!({"User": "app", "WorkingDir": "/srv"});
                document["config"][field] = value.clone();
            });
            let said = json_of(&sandbox, &name);
            let config = &said["config"];
            assert_eq!(config["malformed"], json!([field]), "{field}: {wrong}");
            let other = if field == "User" { "workdir" } else { "user" };
            assert!(config[other].is_string(), "{config}");
            let run = inspect(&sandbox, &[&name]).succeeds();
            let line = format!("\nmalformed:    {field}\n");
            assert!(run.stdout.contains(&line), "{}", run.stdout);
        }
    }
    let name = pushed(&registry, |document| {
        document["config"] = json!(5);
        document["created"] = json!({});
    });
    let malformed = json!(["created", "config"]);
    assert_eq!(json_of(&sandbox, &name)["config"]["malformed"], malformed);
}

#[test]
fn what_is_null_empty_or_missing_is_not_said() {
    let (sandbox, registry) = (Sandbox::new("inspect_hostile"), Registry::start());
    let nulls = json!({
        "Entrypoint": null, "Cmd": null, "Env": null, "User": null, "WorkingDir": null, "ExposedPorts": null,
        "Volumes": null, "Labels": null, "StopSignal": null,
    });
    let empty = json!({
        "Entrypoint": [], "Cmd": [], "Env": [], "User": "", "WorkingDir": "", "ExposedPorts": {}, "Volumes": {},
        "Labels": {}, "StopSignal": "",
    });
    for config in [nulls, empty, json!({}), Value::Null] {
        let name = pushed(&registry, move |document| {
            document["config"] = config.clone();
            document["created"] = Value::Null;
        });
        let said = json_of(&sandbox, &name);
        assert_eq!(said["config"], json!({}));
        assert_eq!(said.get("created"), None);
        let run = inspect(&sandbox, &[&name]).succeeds();
        let keys = run.stdout.lines().flat_map(|line| line.split(':').next());
        let keys: Vec<_> = keys.collect();
        let wanted = [
            "reference",
            "digest",
            "manifest",
            "image id",
            "platform",
            "size",
            "layers",
            "history",
        ];
        assert_eq!(keys, wanted);
    }
}

#[test]
fn a_platform_as_long_as_an_index_may_be_is_one_line_and_makes_no_other_longer() {
    let (sandbox, registry) = (Sandbox::new("inspect_hostile"), Registry::start());
    let long = "x".repeat(100_000);
    let length = long.len();
    let spoilt = move |entry: &mut Value| entry["platform"]["architecture"] = long.clone().into();
    let index = Index::new().image_with(&hello(), spoilt).image(&hello());
    let name = registry.push_index("c", "1", &index.build());
    let run = inspect(&sandbox, &[&name]).succeeds();
    let lengths = run.stdout.lines().map(str::len);
    let longest: Vec<_> = lengths.filter(|line| *line > 1000).collect();
    assert_eq!(longest.len(), 1, "{longest:?}");
    assert!(longest[0] > length);
}
