//! This machine has no place for it. Whatever root may do, too, so that all users read the same.

use super::Scene;
use std::os::unix::fs::symlink;

pub(super) fn chapter(scene: &mut Scene) {
    let pull = "pull HOST/acme/tool:1";
    scene.sandbox.write("full/file", "");
    scene.typed("DEST is not empty", &format!("{pull} full"));
    scene.typed(
        "--update of what no pull has made",
        &format!("{pull} full --update"),
    );
    let made = scene.registry.image("acme/tool:1");
    scene
        .sandbox
        .roots(["pull", &made, "tree"])
        .run()
        .succeeds();
    scene.typed("DEST holds a tree", &format!("{pull} tree"));
    scene.sandbox.write("file", "");
    scene.typed("DEST is a file", &format!("{pull} file"));
    scene.typed("DEST is below a file", &format!("{pull} file/tree"));
    symlink("nowhere", scene.sandbox.path("link")).unwrap();
    scene.typed("DEST is a link to nothing", &format!("{pull} link"));
    scene.typed("DEST is a mount point", &format!("{pull} /proc"));
    scene.typed("and is to be replaced", &format!("{pull} /proc --force"));
    scene.typed(
        "DEST is the working directory",
        &format!("{pull} . --force"),
    );
    scene.typed(
        "--keep-old where something is",
        &format!("{pull} tree --force --keep-old full"),
    );
    scene.typed(
        "a cache that is a file",
        &format!("{pull} other --cache file"),
    );
    scene.typed("a cache that is none", "purge --cache full");
    scene.typed(
        "a FILE in no folder",
        "save HOST/acme/tool:1 -o none/images.tar",
    );
    scene.sandbox.write("notes.txt", "mine");
    scene.typed(
        "a FILE that is no archive",
        "save HOST/acme/tool:1 -o notes.txt",
    );
    scene.case(
        "files may not grow",
        &format!("{pull} other --cache no"),
        |command| command.prelude("ulimit -f 0"),
    );
}
