//! What a tree says about itself, forged by whoever owns DEST: root is not misled, and is told.

use crate::destinations::record::ATTRIBUTE;
use crate::support::sandbox::Command;
use crate::support::{
    Ability, Built, Image, Index, Layer, Layout, Registry, Run, Sandbox, hello, tree,
};
use rustix::fs::{XattrFlags, getxattr, setxattr};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;

const DIFFERS: &str = "dest: its record differs from the one in the cache";
const UNCONFIRMED: &str = "dest: its record is not confirmed by the cache";
const NO_CACHE: &str = "dest: its record is not confirmed, because there is no cache";
const FORGERS: [u32; 2] = [1000, 65534];

fn image() -> Built {
    let layer = Layer::new()
        .dir("./", 0o755)
        .file("su", 0o4755, "#!")
        .file("sg", 0o2755, "#!")
        .owner(0, 42)
        .file("implied/mine", 0o640, "x")
        .owner(7, 8);
    Image::new().layer(layer).build()
}

struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
}

impl Scene {
    /// A tree that root has pulled; nothing where there can be no forgery.
    fn new() -> Option<Self> {
        if Ability::Root.is_missing() || Ability::Attributes.is_missing() {
            return None;
        }
        let (sandbox, registry) = (Sandbox::new("forged"), Registry::start());
        let name = registry.push("a/b", "1", &image());
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        Some(Self {
            sandbox,
            registry,
            name,
        })
    }

    fn dest(&self) -> PathBuf {
        self.sandbox.path("dest")
    }

    /// Gives DEST to somebody, who writes these fields into its record.
    fn forge(&self, uid: u32, fields: &Value) {
        chown(self.dest(), Some(uid), Some(uid)).unwrap();
        let mut bytes = vec![0; 65536];
        let size = getxattr(self.dest(), ATTRIBUTE, &mut bytes[..]).unwrap();
        let mut record: Value = serde_json::from_slice(&bytes[..size]).unwrap();
        for (field, value) in fields.as_object().unwrap() {
            record[field] = value.clone();
        }
        let record = record.to_string();
        let flags = XattrFlags::empty();
        setxattr(self.dest(), ATTRIBUTE, record.as_bytes(), flags).unwrap();
    }

    /// Another image in a layout that the forger has, and the tree as in it.
    fn evil(&self) -> (Built, String) {
        let layer = Layer::new().dir("./", 0o755).file("evil", 0o4755, "#!");
        let evil = Image::new().layer(layer).build();
        let path = self.sandbox.path("evil");
        Layout::new().image("", &evil).write(&path);
        for entry in fs::read_dir(self.dest()).unwrap() {
            let path = entry.unwrap().path();
            fs::remove_file(&path)
                .or_else(|_| fs::remove_dir_all(&path))
                .unwrap();
        }
        let layout = format!("oci:{}", path.display());
        let pull = ["pull", "--cache=no", &layout, "other"];
        self.sandbox.roots(pull).run().succeeds();
        fs::rename(self.sandbox.path("other/evil"), self.dest().join("evil")).unwrap();
        let other = fs::File::open(self.sandbox.path("other")).unwrap();
        let time = other.metadata().unwrap().modified().unwrap();
        fs::File::open(self.dest())
            .unwrap()
            .set_modified(time)
            .unwrap();
        (evil, layout)
    }

    fn verify(&self, arguments: &[&str]) -> Run {
        self.roots("verify", arguments).run()
    }

    fn update(&self, arguments: &[&str]) -> Run {
        let pull = ["pull", "--update", "--exit-code", &self.name, "dest"];
        self.sandbox.roots(pull).args(arguments).run()
    }

    fn roots(&self, command: &str, arguments: &[&str]) -> Command {
        self.sandbox.roots([command, "dest"]).args(arguments)
    }

    /// Forgets what the cache has of DEST.
    fn unlink(&self) {
        for name in self.sandbox.names("cache/links") {
            fs::remove_file(self.sandbox.path("cache/links").join(name)).unwrap();
        }
    }
}

/// It compared with the forger's layout, and said nothing.
#[test]
fn a_forged_reference_does_not_choose_what_the_tree_is_compared_with() {
    for uid in FORGERS {
        let Some(scene) = Scene::new() else {
            return;
        };
        let (evil, layout) = scene.evil();
        let forged = json!({
            "reference": layout,
            "digest": evil.manifest.digest,
            "manifest": evil.manifest.digest,
        });
        scene.forge(uid, &forged);
        let run = scene.verify(&["-q"]);
        assert_eq!(run.code, Some(5));
        assert!(run.stdout.contains("added /evil\n"), "{}", run.stdout);
        run.says(&format!(
            "roots: warning: {DIFFERS}: compared with what the cache says\n"
        ));
        // What nothing confirms is shown, and not opened.
        scene.unlink();
        for command in [&["-q"][..], &["--cache=no"], &["--strip-owner"]] {
            let run = scene.verify(command).fails(3);
            let said = format!("its record, which the cache does not confirm, names {layout}\n");
            assert_eq!(run.stdout, "");
            run.says(&said).says("hint: to compare it with an image");
        }
        let run = scene.roots("inspect", &[]).run().succeeds();
        assert!(run.stdout.contains(&layout));
        run.says(UNCONFIRMED);
        // In a registry, it is named on stderr.
        let name = scene.registry.push("evil", "1", &evil);
        scene.forge(uid, &json!({ "reference": name }));
        let digest = &evil.manifest.digest;
        let said = format!("{UNCONFIRMED}: its owner can have named {name}@{digest}\n");
        let run = scene.verify(&["-q"]);
        assert!(!run.stdout.contains("evil"), "{}", run.stdout);
        run.says(&said);
        // Whoever names the image is not misled.
        let run = scene.verify(&[&scene.name]);
        assert_eq!(run.code, Some(5));
        run.never_says("record");
    }
}

/// `chown 1000 DEST` switched off all comparison of owners, as if an ordinary user had pulled it.
#[test]
fn who_owns_dest_does_not_say_who_has_pulled_it() {
    for uid in FORGERS {
        let Some(scene) = Scene::new() else {
            return;
        };
        scene.verify(&[]).succeeds();
        chown(scene.dest(), Some(uid), Some(uid)).unwrap();
        chown(scene.dest().join("implied"), Some(uid), None).unwrap();
        chown(scene.dest().join("implied/mine"), Some(uid), None).unwrap();
        let lines = format!(
            "changed /: owner 0:0 is {uid}:{uid}\n\
             changed /implied: owner 0:0 is {uid}:0\n\
             changed /implied/mine: owner 7:8 is {uid}:8\n"
        );
        for arguments in [&[][..], &[&*scene.name], &["--cache=no", &*scene.name]] {
            let run = scene.verify(arguments);
            assert_eq!(
                (&*run.stdout, run.code),
                (&*lines, Some(5)),
                "{arguments:?}"
            );
        }
        scene.verify(&["--rootless"]).succeeds().prints("");
        let named = ["--rootless", &scene.name];
        scene.verify(&named).succeeds().prints("");
        // A stripped one is root's, whoever owns it by now.
        let pull = ["pull", "--force", "--strip-owner", &scene.name, "dest"];
        scene.sandbox.roots(pull).run().succeeds();
        scene.verify(&[]).succeeds();
        for path in ["", "su", "sg", "implied", "implied/mine"] {
            chown(scene.dest().join(path), Some(uid), Some(uid)).unwrap();
        }
        let run = scene.verify(&[]);
        assert_eq!(run.stdout.lines().count(), 5, "{}", run.stdout);
        let named = ["--strip-owner", &scene.name];
        assert_eq!(scene.verify(&named).stdout, run.stdout);
    }
}

#[test]
fn a_tree_that_an_ordinary_user_has_pulled_needs_an_option_for_root() {
    if Ability::OtherUser.is_missing() {
        return;
    }
    let Some(scene) = Scene::new() else {
        return;
    };
    let sandbox = &scene.sandbox;
    fs::set_permissions(sandbox.path(""), Permissions::from_mode(0o777)).unwrap();
    let pull = sandbox.roots(["pull", "--cache=no", &scene.name, "theirs"]);
    pull.prelude(&as_user(1000)).run().succeeds();
    let verify = |arguments: &[&str]| {
        let verify = ["verify", "theirs", &scene.name];
        sandbox.roots(verify).args(arguments).run()
    };
    let run = verify(&[]);
    assert!(run.stdout.contains("owner 0:0 is 1000:1000\n"));
    verify(&["--rootless"]).succeeds().prints("");
    let run = sandbox.roots(["verify", "--rootless", "theirs"]).run();
    let run = run.succeeds().prints("");
    run.says("theirs: its record is not confirmed by the cache: its owner can have named");
}

/// `--strip-owner` in a record hid that setuid bits were lost, `--exclude` hid whatever was there.
#[test]
fn forged_options_hide_nothing() {
    for uid in FORGERS {
        for option in ["--strip-owner", "--exclude=/su", "--include=/implied"] {
            let Some(scene) = Scene::new() else {
                return;
            };
            let su = scene.dest().join("su");
            fs::set_permissions(&su, Permissions::from_mode(0o755)).unwrap();
            scene.forge(uid, &json!({ "options": [option] }));
            let line = "changed /su: mode 4755 is 0755\n";
            let finds = |arguments: &[&str]| {
                let run = scene.verify(arguments);
                assert!(run.stdout.contains(line), "{option} {}", run.stdout);
                assert_eq!(run.code, Some(5));
                run
            };
            finds(&["-q"]).says(DIFFERS);
            finds(&["-q", &scene.name]).never_says("warning");
            scene.unlink();
            let warning = "dest: options in it do not count unless they are given:";
            finds(&["-q"]).says(UNCONFIRMED).says(warning).says(option);
            finds(&["-q", "--cache=no"]).says(NO_CACHE).says(warning);
            // They count on request.
            let run = scene.verify(&["-q", option]).never_says(warning);
            assert!(!run.stdout.contains(line), "{option} {}", run.stdout);
        }
    }
}

/// The digest that the tag stands for by now stopped `--update` for good.
#[test]
fn a_forged_digest_stops_no_update() {
    for uid in FORGERS {
        for is_linked in [true, false] {
            let Some(scene) = Scene::new() else {
                return;
            };
            scene.registry.push("a/b", "1", &hello());
            let forged = json!({
                "digest": hello().manifest.digest,
                "manifest": hello().manifest.digest,
            });
            scene.forge(uid, &forged);
            if !is_linked {
                scene.unlink();
            }
            let doubt = if is_linked { DIFFERS } else { UNCONFIRMED };
            let said = format!("roots: warning: {doubt}: it is to be pulled again\n");
            let dry = scene.update(&["--dry-run"]).succeeds().says(&said);
            assert!(dry.stdout.contains("dest, replaced\n"), "{}", dry.stdout);
            scene.update(&["-q"]).succeeds().says(&said);
            let found = tree::list(scene.dest());
            assert!(found.contains_key(&b"hello"[..]), "{uid} {is_linked}");
            // From here on, one HEAD is enough again.
            scene.registry.forget_requests();
            let run = scene.update(&[]).never_says("warning");
            assert_eq!(run.code, Some(10));
            assert_eq!(scene.registry.lines(), ["HEAD /v2/a/b/manifests/1"]);
        }
    }
}

/// Whatever else the record says, or how it is spelt.
#[test]
fn no_forged_field_stops_an_update() {
    for forged in [
        json!({ "wanted": "linux/mips" }),
        json!({ "platform": "\u{1b}[2J\n" }),
        json!({ "roots": "9" }),
        json!({ "reference": "docker.io/library/debian:latest" }),
        json!({ "options": ["--uid-shift=1", "\u{202e}"] }),
    ] {
        let Some(scene) = Scene::new() else {
            return;
        };
        let inode = fs::metadata(scene.dest()).unwrap().ino();
        scene.forge(1000, &forged);
        let run = scene.verify(&[]).says(DIFFERS);
        assert_eq!(run.stdout, "changed /: owner 0:0 is 1000:1000\n");
        let run = scene.update(&[]).succeeds().says(DIFFERS);
        assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']));
        assert_ne!(fs::metadata(scene.dest()).unwrap().ino(), inode);
        scene.verify(&[]).succeeds();
    }
}

/// Opening it waited for a writer for ever.
#[test]
fn a_fifo_in_a_record_does_not_stop_root() {
    let Some(scene) = Scene::new() else {
        return;
    };
    let fifo = scene.sandbox.path("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o666.into()).unwrap();
    let link = scene.sandbox.path("link");
    std::os::unix::fs::symlink(&fifo, &link).unwrap();
    scene.unlink();
    for form in ["oci", "oci-archive", "docker-archive"] {
        for path in [&fifo, &link] {
            let reference = format!("{form}:{}", path.display());
            scene.forge(1000, &json!({ "reference": reference }));
            scene.verify(&[]).fails(3).says(&reference);
            scene.roots("inspect", &[]).run().succeeds();
        }
    }
    assert_eq!(scene.update(&[]).code, Some(0));
    // Nor does one in the place of an archive that root has named.
    let archive = Layout::new().image("1", &image()).archive();
    for (path, name) in [("image.tar", "image.tar"), ("other.tar", "other.tar:1")] {
        scene.sandbox.write(path, &archive);
        let pull = ["pull", "--force", &format!("oci-archive:{name}"), "dest"];
        scene.sandbox.roots(pull).run().succeeds();
        scene.verify(&[]).succeeds().never_says("warning");
        fs::remove_file(scene.sandbox.path(path)).unwrap();
        fs::rename(&fifo, scene.sandbox.path(path)).unwrap();
        scene
            .verify(&[])
            .fails(3)
            .says("which cannot be read again");
        fs::rename(scene.sandbox.path(path), &fifo).unwrap();
    }
}

/// A link says what it says of the tree whose path is in it, and that had that inode.
#[test]
fn a_link_of_another_tree_confirms_nothing() {
    let Some(scene) = Scene::new() else {
        return;
    };
    let sandbox = &scene.sandbox;
    let [own] = &sandbox.names("cache/links")[..] else {
        panic!("more than one link");
    };
    let own = sandbox.path("cache/links").join(own);
    let link: Value = serde_json::from_slice(&fs::read(&own).unwrap()).unwrap();
    type Change<'c> = &'c dyn Fn(&mut Value);
    let elsewhere = json!(sandbox.path("elsewhere"));
    let changes: [Change<'_>; 4] = [
        &|link| link["destination"] = elsewhere.clone(),
        &|link| link["record"]["inode"] = json!(1),
        // As they were written before there was a record in each.
        &|link| drop(link.as_object_mut().unwrap().remove("record")),
        &|link| *link = json!([]),
    ];
    for change in changes {
        let mut other = link.clone();
        change(&mut other);
        fs::write(&own, other.to_string()).unwrap();
        scene.verify(&[]).succeeds().says(UNCONFIRMED);
        let run = scene.update(&[]).succeeds();
        run.says(UNCONFIRMED);
        scene.verify(&[]).succeeds().never_says("warning");
        assert_eq!(scene.update(&[]).never_says("warning").code, Some(10));
        assert!(!sandbox.has("elsewhere"));
        let inode = fs::metadata(scene.dest()).unwrap().ino();
        let new: Value = serde_json::from_slice(&fs::read(&own).unwrap()).unwrap();
        assert_eq!(new["record"]["inode"], json!(inode));
    }
}

/// A member of the group of a cache writes what root reads there.
#[test]
fn a_link_of_somebody_else_confirms_nothing() {
    let Some(scene) = Scene::new() else {
        return;
    };
    let sandbox = &scene.sandbox;
    let links = sandbox.path("cache/links");
    let own = links.join(&sandbox.names("cache/links")[0]);
    let theirs: [&dyn Fn(); 4] = [
        &|| chown(&own, Some(1000), None).unwrap(),
        &|| fs::set_permissions(&own, Permissions::from_mode(0o664)).unwrap(),
        &|| fs::set_permissions(&links, Permissions::from_mode(0o775)).unwrap(),
        &|| {
            fs::remove_file(&own).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, &own, 0o644.into()).unwrap();
        },
    ];
    for change in theirs {
        scene.verify(&[]).succeeds().never_says("warning");
        let forged = json!({ "options": ["--exclude=/su"] });
        scene.forge(0, &forged);
        let bytes = fs::read(&own).unwrap();
        let mut link: Value = serde_json::from_slice(&bytes).unwrap();
        link["record"]["record"]["options"] = forged["options"].clone();
        fs::write(&own, link.to_string()).unwrap();
        change();
        fs::remove_file(scene.dest().join("su")).unwrap();
        let run = scene.verify(&[]).says(UNCONFIRMED);
        assert!(run.stdout.contains("missing /su\n"), "{}", run.stdout);
        scene
            .update(&["--keep-old=old"])
            .succeeds()
            .says(UNCONFIRMED);
        // Nor is it root's word where the old tree is.
        let run = sandbox.roots(["verify", "old"]).run();
        assert!(run.stdout.contains("missing /su\n"), "{}", run.stdout);
        run.says("old: its record is not confirmed by the cache");
        fs::remove_dir_all(sandbox.path("old")).unwrap();
        fs::set_permissions(&links, Permissions::from_mode(0o755)).unwrap();
        scene.update(&[]);
    }
}

/// What roots itself does to trees and records leaves no doubt.
#[test]
fn the_cache_keeps_up() {
    let Some(scene) = Scene::new() else {
        return;
    };
    let sandbox = &scene.sandbox;
    let confirmed = |dest: &str| {
        for command in ["verify", "inspect"] {
            let run = sandbox.roots([command, dest]).run().succeeds();
            run.never_says("warning");
        }
    };
    confirmed("dest");
    // An index around the same manifest is written into record and cache.
    let index = Index::new().image(&image()).build();
    scene.registry.push_index("a/b", "1", &index);
    for _ in 0..2 {
        let run = scene.update(&[]).says("dest: unchanged\n");
        assert_eq!(run.never_says("warning").code, Some(10));
        confirmed("dest");
    }
    // The old tree is confirmed where it goes.
    scene.registry.push("a/b", "1", &hello());
    scene.update(&["--keep-old=old"]).succeeds();
    confirmed("dest");
    confirmed("old");
    // Moved, it is another matter until the next pull.
    fs::rename(sandbox.path("old"), sandbox.path("moved")).unwrap();
    let run = sandbox.roots(["verify", "moved"]).run().succeeds();
    run.says("moved: its record is not confirmed by the cache: ");
    // Without a cache it always is.
    for _ in 0..2 {
        let run = scene.update(&["--cache=no"]).succeeds();
        run.says(&format!("{NO_CACHE}: it is to be pulled again\n"));
    }
    // The next pull with one notes it; where the inode of the old tree is the new one's, it is known.
    scene.update(&[]);
    assert_eq!(scene.update(&[]).never_says("warning").code, Some(10));
}

fn as_user(uid: u32) -> String {
    format!("exec setpriv --reuid={uid} --regid={uid} --clear-groups \"$0\" \"$@\"")
}

/// An ordinary user believes a tree of theirs or of root's, and needs no cache for it.
#[test]
fn an_ordinary_user_is_warned_of_trees_that_others_may_change() {
    if Ability::OtherUser.is_missing() {
        return;
    }
    let Some(scene) = Scene::new() else {
        return;
    };
    let sandbox = &scene.sandbox;
    fs::set_permissions(sandbox.path(""), Permissions::from_mode(0o777)).unwrap();
    let run = |arguments: &[&str]| {
        let command = sandbox.roots(arguments).arg("--cache=no");
        command.prelude(&as_user(1000)).run()
    };
    run(&["inspect", "dest"]).succeeds().never_says("warning");
    let pull = ["pull", "--update", "--exit-code", &scene.name, "theirs"];
    run(&pull).succeeds();
    assert_eq!(run(&pull).never_says("warning").code, Some(10));
    let verify = ["verify", "theirs"];
    run(&verify).succeeds().never_says("warning");
    let said = "theirs: its record is not confirmed, because there is no cache";
    let theirs = sandbox.path("theirs");
    fs::set_permissions(&theirs, Permissions::from_mode(0o777)).unwrap();
    run(&["inspect", "theirs"]).succeeds().says(said);
    fs::set_permissions(&theirs, Permissions::from_mode(0o755)).unwrap();
    chown(&theirs, Some(1001), None).unwrap();
    run(&["inspect", "theirs"]).succeeds().says(said);
}
