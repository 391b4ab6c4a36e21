//! `verify --json`: an object for each difference, and one for the result.

use super::{Scene, quietly};
use crate::support::{Layout, Run, Sandbox, hello};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, SystemTime};

fn objects(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_difference_is_an_object_and_so_is_the_result() {
    let scene = Scene::new();
    let verify = |arguments: &[&str]| {
        let verify = scene.sandbox.roots(["verify", "--json", "dest"]);
        verify.args(arguments).run()
    };
    let run = verify(&[]).succeeds();
    let [same] = &objects(&run)[..] else {
        panic!("{}", run.stdout);
    };
    let inspect = scene.sandbox.roots(["inspect", "dest"]).run().succeeds();
    let record: Value = serde_json::from_str(&inspect.stdout).unwrap();
    assert_eq!(same["differences"], json!(0));
    assert_eq!(same["destination"], json!("dest"));
    for word in ["digest", "manifest", "platform"] {
        assert_eq!(same[word], record[word], "{word}");
    }
    assert!(same["seconds"].is_number());
    // It was pinned to the digest, which stands beside it.
    assert_eq!(same["reference"], record["reference"]);
    assert_eq!(
        (&same["options"], &same["compared"]),
        (&json!(null), &json!(null))
    );
    // Messages are objects, too.
    for line in run.stderr.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string(), "{line}");
    }

    let later = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 500_000_000);
    File::open(scene.path("etc/passwd"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    let passwd = scene.path("etc/passwd");
    fs::set_permissions(&passwd, Permissions::from_mode(0o4666)).unwrap();
    quietly(&scene.path("etc/shadow"), |path| {
        fs::write(path, "joe:!").unwrap()
    });
    quietly(&scene.path("bin"), |path| {
        fs::remove_file(path).unwrap();
        symlink("/\u{9b}", path).unwrap();
    });
    quietly(&scene.path("fifo"), |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    });
    quietly(&scene.path("usr/bin/true"), |path| {
        fs::write(path, vec![8; 10_000]).unwrap();
    });
    quietly(&scene.path("empty"), |path| fs::remove_dir(path).unwrap());
    let odd = OsStr::from_bytes(b"a\xff\n");
    quietly(&scene.sandbox.path("dest").join(odd), |path| {
        fs::write(path, "").unwrap()
    });
    let run = verify(&["--ignore-added", "--ignore-times", "--exclude=/usr"]);
    let all = objects(&run);
    let (result, differences) = all.split_last().unwrap();
    let changed = |path: &str, aspects: Value| json!({ "path": path, "change": "changed", "aspects": aspects });
    let aspect = |aspect: &str, expected: Value, actual: Value| json!({ "aspect": aspect, "expected": expected, "actual": actual });
    let expected = [
        changed(
            "/bin",
            json!([aspect("target", json!("usr/bin"), json!("/\u{9b}"))]),
        ),
        json!({ "path": "/empty", "change": "missing" }),
        changed(
            "/etc/passwd",
            json!([aspect("mode", json!("0644"), json!("4666"))]),
        ),
        changed(
            "/etc/shadow",
            json!([aspect("size", json!(6), json!(5)), {"aspect": "contents"}]),
        ),
        changed(
            "/fifo",
            json!([aspect("type", json!("fifo"), json!("directory"))]),
        ),
    ];
    assert_eq!(differences, expected);
    assert_eq!(result["differences"], json!(5));
    let compared = json!(["--exclude=/usr", "--ignore-added", "--ignore-times"]);
    assert_eq!(result["compared"], compared);
    assert_eq!(run.code, Some(5));
    // No terminal obeys what an image or a tree has for names.
    assert!(run.stdout.is_ascii(), "{}", run.stdout);

    let all = objects(&verify(&[]));
    let odd = json!({ "path": "/a\u{fffd}\n", "path_bytes": [97, 255, 10], "change": "added" });
    assert!(all.contains(&odd), "{all:?}");
    let mtime = aspect(
        "mtime",
        json!("2023-11-14T22:13:20Z"),
        json!("2023-11-14T22:13:20.5Z"),
    );
    let passwd = all.iter().find(|one| one["path"] == "/etc/passwd").unwrap();
    assert!(
        passwd["aspects"].as_array().unwrap().contains(&mtime),
        "{passwd}"
    );
    let contents = changed("/usr/bin/true", json!([{ "aspect": "contents" }]));
    assert!(all.contains(&contents), "{all:?}");
}

#[test]
fn the_options_of_the_tree_are_in_the_result() {
    let scene = Scene::new();
    let pull = [
        "pull",
        "--force",
        "--exclude=/etc",
        "--strip-owner",
        &scene.name,
        "dest",
    ];
    scene.sandbox.roots(pull).run().succeeds();
    let verify = [
        "verify",
        "--json",
        "--partial",
        "--exclude=etc",
        "--strip-owner",
    ];
    let run = scene
        .sandbox
        .roots(verify)
        .args(["dest", &scene.name])
        .run();
    let all = objects(&run.succeeds());
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0]["options"],
        json!(["--exclude=/etc", "--strip-owner"])
    );
    assert_eq!(all[0]["compared"], Value::Null);
    assert_eq!(all[0]["reference"], json!(scene.name));
}

#[test]
fn what_cannot_be_compared_prints_nothing() {
    let scene = Scene::new();
    for (arguments, code) in [
        (&["verify", "--json", "no-such-tree"][..], 3),
        (&["verify", "--json", "--include=/no/such", "dest"], 3),
        (&["verify", "--json", "--include=..", "dest"], 2),
        (&["verify", "--json", "--ignore-times=1", "dest"], 2),
    ] {
        let run = scene.sandbox.roots(arguments).run();
        assert_eq!((run.code, &*run.stdout), (Some(code), ""), "{}", run.stderr);
        let last: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(last["exit_code"], json!(code));
    }
}

/// `inspect` prints the record: it was there, and led nowhere.
#[test]
fn a_tree_from_standard_input_needs_the_name_of_an_image() {
    let sandbox = Sandbox::new("verify_stdin");
    let archive = Layout::new().image("1", &hello()).archive();
    sandbox.write("x.tar", &archive);
    for from in ["-", "oci-archive:-", "oci-archive:-:1"] {
        let pull = sandbox.roots(["pull", "--force", "--cache=no", from, "dest"]);
        pull.stdin(archive.clone()).run().succeeds();
        let verify = sandbox.roots(["verify", "--cache=no", "dest"]);
        verify.run().fails(3).says(
            "roots: dest: its image came from standard input, which cannot be read again\n\
             hint: to compare it with an image all the same: roots verify dest IMAGE\n",
        );
        let verify = sandbox.roots(["verify", "--cache=no", "dest", "./x.tar"]);
        verify.run().succeeds();
    }
}
