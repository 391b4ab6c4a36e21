//! What was typed cannot be understood, or is not there.

use super::Scene;
use crate::support::{Layout, hello, marked};

pub(super) fn chapter(scene: &mut Scene) {
    scene.typed("a command that there is not", "install debian");
    scene.typed("IMAGE without DEST", "pull debian:bookworm");
    scene.typed("a URL", "pull https://ghcr.io/owner/name ./tree");
    scene.typed(
        "a password in a URL",
        "pull https://joe:secret@ghcr.io/name ./tree",
    );
    scene.typed("a name in capitals", "pull Debian:Bookworm ./tree");
    scene.typed("an empty name", "pull '' ./tree");
    scene.typed("a folder without ./", "pull image/ ./tree");
    scene.typed("an archive without ./", "pull Image.tar ./tree");
    let id = "0123456789abcdef".repeat(4);
    scene.stands_for(id, "ID");
    scene.typed("the id of an image", "pull ID ./tree");
    scene.typed("a short digest", "pull debian@sha256:0123 ./tree");
    scene.typed("a platform", "pull --platform amd64 debian ./tree");
    scene.typed("a time", "pull --timeout soon debian ./tree");
    scene.typed("no such path", "pull ./image ./tree");
    scene.sandbox.mkdir("empty");
    scene.typed("a folder that is no layout", "pull ./empty ./tree");
    scene.typed(
        "a folder that is no archive",
        "pull docker-archive:empty ./tree",
    );
    scene.sandbox.write("notes.txt", "not an archive\n");
    scene.typed("a file that is no archive", "pull ./notes.txt ./tree");
    scene.typed("an empty pipe", "pull - ./tree");
    Layout::new()
        .image("1", &hello())
        .image("edge", &marked("edge", "linux", "amd64", None))
        .write(scene.sandbox.path("layout"));
    scene.typed("several images", "pull ./layout ./tree");
    scene.typed("no image of this name", "pull ./layout:2 ./tree");
    scene.typed(
        "a lock that is not there",
        "pull --locked lock debian ./tree",
    );
    scene.sandbox.write("lock", "debian@sha256:0123\n");
    scene.typed("a lock that is none", "pull --locked lock debian ./tree");
    scene.typed(
        "--offline without a pull before",
        "pull --offline debian ./tree",
    );
    scene.typed("a folder that no pull has made", "inspect empty");
    scene.typed("no tree to verify", "verify ./nothing");
}
