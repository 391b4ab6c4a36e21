//! The file of an archive: what is there before, and what stands in its way.

use super::second;
use crate::support::layout::docker_archive;
use crate::support::{
    ALWAYS, Ability, Compression, Fault, Layer, Layout, Registry, Sandbox, hello, hello_layer,
};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("save_files"), Registry::start());
    let name = registry.push("a/b", "1", &second());
    (sandbox, registry, name)
}

#[test]
fn a_file_is_replaced_and_a_link_stays() {
    let (sandbox, _registry, name) = published();
    let old = Layout::new().image("1", &hello()).archive();
    sandbox.write("real/x.tar", old);
    symlink("real/x.tar", sandbox.path("link.tar")).unwrap();
    let save = ["save", "--cache=no", &name, "-o", "link.tar"];
    sandbox.roots(save).run().succeeds();
    assert!(sandbox.path("link.tar").is_symlink());
    assert!(sandbox.read("real/x.tar").len() > 2000);
    assert_eq!(sandbox.names("real"), ["x.tar"]);
    let mode = std::fs::metadata(sandbox.path("real/x.tar"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o600, 0o600);
}

/// `roots save IMAGE -o notes.txt` lost the notes.
#[test]
fn a_file_that_is_no_archive_of_images_is_kept_without_force() {
    let (sandbox, registry, name) = published();
    let images = Layout::new().image("1", &hello());
    let backup = Layer::new()
        .dir("etc", 0o755)
        .file("etc/oci-layout", 0o644, "deeper")
        .dir("oci-layout", 0o755)
        .symlink("manifest.json", "[")
        .file("blobs/sha256/0123", 0o644, "")
        .file("index.json", 0o644, "[]");
    let app = Layer::new().file("manifest.json", 0o644, "{\"name\": \"app\"}");
    let mut broken = images.archive();
    broken[0] ^= 1;
    for old in [
        b"my notes\n".to_vec(),
        vec![0; 4096],
        [&b"oci-layout"[..], &[b'x'; 1000]].concat(),
        backup.tar(),
        app.tar(),
        broken,
        // It would have another name than its contents.
        images.compressed_archive(Compression::Gzip),
    ] {
        sandbox.write("real", &old);
        let _ = std::fs::remove_file(sandbox.path("link"));
        symlink("real", sandbox.path("link")).unwrap();
        for file in ["real", "link"] {
            registry.forget_requests();
            let save = ["save", "--cache=no", &name, "-o", file];
            let run = sandbox.roots(save).run().fails(6);
            run.says("real: it exists, and is not an archive of images\n")
                .says("hint: name another file, or add --force to replace it\n");
            assert_eq!(registry.lines(), [""; 0]);
            assert_eq!(sandbox.read("real"), old);
            assert_eq!(sandbox.names(""), ["link", "real"]);
        }
        let save = ["save", "--cache=no", "--force", &name, "-o", "link"];
        sandbox.roots(save).run().succeeds();
        assert!(sandbox.path("link").is_symlink());
        sandbox.roots(["digest", "./real"]).run().succeeds();
        // What was saved is replaced without a word.
        let save = ["save", "--cache=no", &name, "-o", "real"];
        sandbox.roots(save).run().succeeds();
    }
    // It replaces files only.
    sandbox.mkdir("folder");
    let save = ["save", "-f", "--cache=no", &name, "-o", "folder"];
    sandbox.roots(save).run().fails(6).says("it is a folder");
}

#[test]
fn an_archive_of_images_and_an_empty_file_are_replaced() {
    let (sandbox, _registry, name) = published();
    let images = Layout::new().image("1", &hello());
    let in_folder = Layer::new()
        .dir("./", 0o755)
        .file("./blobs/x", 0o644, vec![1; 3000])
        .file("./oci-layout", 0o644, "{\"imageLayoutVersion\": \"1.0.0\"}");
    let spaced = Layer::new()
        .file("a".repeat(150), 0o644, vec![1; 3000])
        .file("manifest.json", 0o644, "\n [{}]");
    for old in [
        Vec::new(),
        images.archive(),
        // A disk was full.
        images.archive()[..2000].to_vec(),
        docker_archive("app:1", &hello(), &[&hello_layer()]),
        in_folder.tar(),
        spaced.tar(),
    ] {
        sandbox.write("x.tar", &old);
        let save = ["save", "--cache=no", &name, "-o", "x.tar"];
        sandbox.roots(save).run().succeeds();
        assert_ne!(sandbox.read("x.tar"), old);
    }
}

#[test]
fn what_is_in_the_way_is_named() {
    let (sandbox, registry, name) = published();
    sandbox.mkdir("folder");
    sandbox.mkdir(".x.tar.roots");
    symlink("nowhere", sandbox.path(".z.tar.roots")).unwrap();
    for (file, why) in [
        (
            "folder",
            "folder: it is a folder\nhint: name a file in it, like FOLDER/image.tar\n",
        ),
        (
            "none/x.tar",
            "none/x.tar: cannot create: no such file or directory",
        ),
        (
            "x.tar",
            "/.x.tar.roots: in the way: not a file that roots has left\nhint: remove it if nobody needs it\n",
        ),
        (
            "z.tar",
            "/.z.tar.roots: in the way: not a file that roots has left\n",
        ),
    ] {
        let save = ["save", "--cache=no", &name, "-o", file];
        sandbox.roots(save).run().fails(6).says(why);
    }
    assert!(registry.requests_for("/blobs/").is_empty());
    assert_eq!(
        sandbox.names(""),
        [".x.tar.roots", ".z.tar.roots", "folder"]
    );
}

#[test]
fn what_a_killed_save_has_left_is_swept() {
    let (sandbox, registry, name) = published();
    registry.fault(&second().layers[1].digest, 1, Fault::Hold(20));
    let save = || sandbox.roots(["save", "--cache=no", &name, "-o", "x.tar"]);
    let running = save().spawn();
    running.until_says("layer 2/2");
    // Nobody else may write there meanwhile.
    save().run().fails(6).says("x.tar: ");
    drop(running);
    registry.release();
    assert!(!sandbox.has("x.tar"));
    save().run().succeeds();
    assert_eq!(sandbox.names(""), ["x.tar"]);
}

/// A device or a pipe is written to as it is.
#[test]
fn a_device_is_no_file() {
    let (sandbox, registry, name) = published();
    let save = ["save", "--cache=no", &name, "-o", "/dev/null"];
    sandbox.roots(save).run().succeeds();
    let save = ["save", "--cache=no", &name, "-o", "/dev/full"];
    sandbox
        .roots(save)
        .run()
        .fails(6)
        .says("/dev/full: cannot write");
    let script = "mkfifo fifo; cat fifo > x.tar & \"$0\" \"$@\"; code=$?; wait; exit $code";
    let save = sandbox.roots(["save", "--cache=no", &name, "-o", "fifo"]);
    save.prelude(script).run().succeeds();
    sandbox.roots(["pull", "./x.tar", "dest"]).run().succeeds();
    registry.fault("/blobs/", ALWAYS, Fault::status(404));
}

/// A second file of the name that both had could not be reached, nor could its lock.
#[test]
fn two_images_with_one_name_are_refused_before_anything_is_written() {
    let sandbox = Sandbox::new("save_names");
    Layout::new().image("1", &hello()).write(sandbox.path("v1"));
    Layout::new()
        .image("1", &second())
        .write(sandbox.path("v2"));
    let both = ["./v1", "./v2"];
    let refused =
        "roots: 1: two different images have this name, and an archive needs one for each\n";
    let save = sandbox.roots(["save", "--cache=no", "-o", "x.tar"]);
    save.args(both).run().fails(2).says(refused);
    let save = sandbox.roots(["save", "--cache=no", "-o", "-", "./v2", "./v1", "./v1"]);
    let run = save.run().fails(2).says(refused);
    assert_eq!(run.stdout, "");
    assert_eq!(sandbox.names(""), ["v1", "v2"]);
    // The same image twice is there once, and images without a name are reached by their order.
    Layout::new().image("", &second()).write(sandbox.path("v3"));
    Layout::new().image("", &hello()).write(sandbox.path("v4"));
    let save = sandbox.roots(["save", "--cache=no", "-o", "x.tar"]);
    let run = save.args(["./v1", "./v1", "./v3", "./v4"]).run().succeeds();
    assert_eq!(run.stdout.lines().count(), 3);
}

/// It had been written over.
#[test]
fn a_file_that_appears_while_an_archive_is_written_is_kept() {
    let layer = second().layers[0].digest.clone();
    let old = Layout::new().image("1", &hello()).archive();
    for (before, force) in [(None, None), (Some(old), None), (None, Some("--force"))] {
        let (sandbox, registry, name) = published();
        if let Some(old) = &before {
            sandbox.write("x.tar", old);
        }
        registry.fault(&layer, 1, Fault::Hold(10));
        let save = sandbox.roots(["save", "--cache=no", &name, "-o", "x.tar"]);
        let save = save.args(force).spawn();
        save.until_says("layer 1");
        sandbox.write("foreign", "mine");
        std::fs::rename(sandbox.path("foreign"), sandbox.path("x.tar")).unwrap();
        registry.release();
        let run = save.wait().fails(6);
        run.says("x.tar: another process has put it there while the archive was written\n");
        assert_eq!(sandbox.read("x.tar"), b"mine");
        assert_eq!(sandbox.names(""), ["x.tar"]);
    }
}

/// Credentials in an image could be read by everybody after the next save.
#[test]
fn an_archive_keeps_the_permissions_of_the_one_that_it_replaces() {
    let (sandbox, _registry, name) = published();
    let old = Layout::new().image("1", &hello()).archive();
    for mode in [0o600, 0o640, 0o604, 0o666] {
        sandbox.write("x.tar", &old);
        let path = sandbox.path("x.tar");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        if !Ability::Root.is_missing() {
            chown(&path, Some(9), Some(10)).unwrap();
        }
        let before = std::fs::metadata(&path).unwrap();
        let save = ["save", "--cache=no", &name, "-o", "x.tar"];
        sandbox.roots(save).run().succeeds();
        let after = std::fs::metadata(&path).unwrap();
        assert_ne!(after.ino(), before.ino());
        assert_eq!(after.permissions().mode() & 0o7777, mode);
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    }
}

/// It was replaced, and what it had led to was forgotten.
#[test]
fn a_link_that_leads_nowhere_is_kept_without_force() {
    let (sandbox, _registry, name) = published();
    for target in ["nowhere.tar", "no/folder.tar", "/proc/none"] {
        symlink(target, sandbox.path("link")).unwrap();
        let save = ["save", "--cache=no", &name, "-o", "link"];
        let run = sandbox.roots(save).run().fails(6);
        run.says("link: it exists, and is not an archive of images\n");
        assert_eq!(sandbox.names(""), ["link"]);
        let link = std::fs::read_link(sandbox.path("link")).unwrap();
        assert_eq!(link.to_str(), Some(target));
        sandbox.roots(save).arg("--force").run().succeeds();
        assert!(!sandbox.path("link").is_symlink());
        std::fs::remove_file(sandbox.path("link")).unwrap();
    }
}
