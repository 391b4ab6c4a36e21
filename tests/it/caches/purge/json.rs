//! `purge --json`: an object for each thing that goes, and one for the purge.

use super::{digests, pulled, sharing};
use crate::support::{Fault, Image, Layer, Run, Sandbox, hello};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

fn objects(run: &Run) -> (Vec<Value>, Value) {
    let lines = run.stdout.lines();
    let mut all: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in run.stderr.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string(), "{line}");
    }
    let result = all.pop().unwrap();
    (all, result)
}

fn of_kind<'o>(objects: &'o [Value], kind: &str) -> Vec<&'o Value> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    of_kind.collect()
}

#[test]
fn all_that_goes_is_an_object_and_so_is_the_sum() {
    let (sandbox, registry) = pulled();
    let slow = Image::new().layer(Layer::new().file("slow", 0o644, "slow"));
    let slow = slow.build();
    let name = registry.push("a", "3", &slow);
    registry.fault(&slow.layers[0].digest, 1, Fault::Hold(10));
    let pull = sandbox.roots(["pull", &name, "three"]).spawn();
    registry.wait_for(&slow.layers[0].digest, 1);
    pull.signal(Signal::KILL);
    pull.wait();
    fs::remove_dir_all(sandbox.path("two")).unwrap();
    let hex = "a".repeat(64);
    sandbox.write(format!("cache/blobs/sha256/.{hex}"), "half");
    sandbox.write("cache/links/0", "not a link");
    let odd = OsStr::from_bytes(b"odd\xff\n\x1b");
    fs::write(sandbox.path("cache/blobs/sha256").join(odd), "12345").unwrap();
    let left: usize = hello().blobs().map(|blob| blob.bytes.len()).sum();
    let left = left + hello().manifest.bytes.len();

    let plan = sandbox.roots(["purge", "--json", "--dry-run"]).run();
    let (planned, plan) = objects(&plan.succeeds());
    assert_eq!(plan["dry_run"], true);
    let run = sandbox.roots(["purge", "--json", "--quiet"]).run();
    let (dropped, result) = objects(&run.succeeds());
    assert_eq!(planned, dropped);
    for word in [
        "cache",
        "blobs",
        "bytes",
        "folders",
        "links",
        "left_blobs",
        "left_bytes",
    ] {
        assert_eq!(plan[word], result[word], "{word}");
    }
    assert_eq!(result.get("dry_run"), None);
    assert!(result["seconds"].is_number());
    assert_eq!(result["cache"], sandbox.path("cache").display().to_string());
    assert_eq!(
        (&result["left_blobs"], &result["left_bytes"]),
        (&json!(3), &json!(left))
    );

    let sharing = sharing();
    let mut gone: Vec<_> = digests(&sharing);
    gone.retain(|digest| !digests(&hello()).contains(digest));
    gone.push(sharing.manifest.digest.clone());
    gone.push(slow.config.digest.clone());
    gone.sort();
    let blobs = of_kind(&dropped, "blob");
    let mut of_blobs: Vec<_> = blobs
        .iter()
        .map(|blob| blob["digest"].as_str().unwrap())
        .collect();
    of_blobs.sort_unstable();
    for digest in &gone {
        assert!(of_blobs.contains(&digest.as_str()), "{digest} {of_blobs:?}");
    }
    for blob in blobs {
        let (digest, path) = (
            blob["digest"].as_str().unwrap(),
            blob["path"].as_str().unwrap(),
        );
        assert_eq!(path, format!("blobs/{}", digest.replace(':', "/")));
        assert!(!sandbox.has(format!("cache/{path}")));
        assert!(blob["bytes"].as_u64().unwrap() > 0);
    }
    let partial = json!({
        "kind": "partial",
        "path": format!("blobs/sha256/.{hex}"),
        "digest": format!("sha256:{hex}"),
        "bytes": 4,
    });
    assert!(
        of_kind(&dropped, "partial").contains(&&partial),
        "{dropped:?}"
    );
    let path_bytes = [b"blobs/sha256/", odd.as_bytes()].concat();
    let other = json!({
        "kind": "other",
        "path": "blobs/sha256/odd\u{fffd}\n\u{1b}",
        "path_bytes": path_bytes,
        "bytes": 5,
    });
    assert_eq!(of_kind(&dropped, "other"), [&other]);
    let folder = sandbox.path(".three.roots").display().to_string();
    assert_eq!(
        of_kind(&dropped, "folder"),
        [&json!({ "kind": "folder", "path": folder })]
    );
    let mut links: Vec<_> = of_kind(&dropped, "link");
    links.sort_by_key(|link| link["path"].to_string());
    let gone = ["three", "two"].map(|dest| {
        let path = sandbox.path(dest).display().to_string();
        json!({ "kind": "link", "path": path })
    });
    assert_eq!(links, [&gone[0], &gone[1]]);
    assert_eq!(
        (&result["folders"], &result["links"]),
        (&json!(1), &json!(2))
    );
    let blobs = dropped.iter().filter(|object| object["bytes"].is_number());
    assert_eq!(result["blobs"], json!(blobs.clone().count() - 1));
    assert_eq!(result["others"], json!(1));
    let bytes: u64 = blobs.filter_map(|blob| blob["bytes"].as_u64()).sum();
    assert_eq!(result["bytes"], json!(bytes));

    let run = sandbox.roots(["purge", "--json"]).run();
    let (dropped, result) = objects(&run.succeeds());
    assert_eq!((dropped.len(), &result["blobs"]), (0, &json!(0)));
}

#[test]
fn the_least_recently_used_come_first_and_what_does_not_fit_is_an_event() {
    let (sandbox, _registry) = pulled();
    let purge = ["purge", "--json", "--max-size=1", "--dry-run"];
    let run = sandbox.roots(purge).run().succeeds();
    let (dropped, result) = objects(&run);
    assert_eq!((dropped.len(), &result["left_blobs"]), (0, &json!(6)));
    let warnings = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let warnings = warnings.filter(|event: &Value| event["event"] == "warning");
    assert_eq!(warnings.count(), 1, "{}", run.stderr);
}

#[test]
fn a_purge_that_fails_prints_an_error_and_no_result() {
    let sandbox = Sandbox::new("purge_json");
    sandbox.write("file", "");
    for (arguments, code) in [
        (["purge", "--json", "--cache=file"], 6),
        (["purge", "--json", "--cache=missing"], 6),
        (["purge", "--json", "--cache=no"], 2),
        (["purge", "--json", "--older-than=x"], 2),
        (["purge", "--json", "image"], 2),
    ] {
        let run = sandbox.roots(arguments).run();
        assert_eq!((run.code, &*run.stdout), (Some(code), ""), "{}", run.stderr);
        let last: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(last["exit_code"], json!(code));
    }
}
