//! Archives that the peers write: what they hold, and the digest that skopeo says they have.

use super::{changes, explained, peer, umocis_changes};
use crate::support::{Compression, Sandbox, tree};
use std::fs;

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_archives() {
    let sandbox = Sandbox::new("interop_archives");
    let theirs = umocis_changes(&sandbox);
    let layout = format!("oci:{}:image", sandbox.path("layout").display());
    for form in ["oci-archive", "docker-archive"] {
        let file = sandbox.path(form);
        let name = format!("{form}:{}", file.display());
        let named = match form {
            "oci-archive" => format!("{name}:example.com/changes:1"),
            _ => format!("{name}:docker.io/library/changes:1"),
        };
        peer::copy(&layout, &named, &[]);
        let digest = sandbox.roots(["digest", &name]).run().succeeds();
        digest.prints(&peer::digest(&name));
        let bytes = fs::read(&file).unwrap();
        let gzip = Compression::Gzip.compress(&bytes, true);
        sandbox.write("gzip", &gzip);
        for (image, input) in [
            (&name, Vec::new()),
            (&named, Vec::new()),
            (&"./gzip".to_owned(), Vec::new()),
            (&"-".to_owned(), bytes.clone()),
            (&"-".to_owned(), gzip.clone()),
        ] {
            let pull = sandbox.roots(["pull", "--force", image, "dest"]);
            pull.stdin(input).run().succeeds();
            let ours = tree::list(sandbox.path("dest"));
            let mut theirs = theirs.clone();
            explained::times_of_directories(&mut theirs, &changes::TIMES);
            explained::empty_attributes(&mut theirs, &ours);
            explained::assert_same(&ours, &theirs);
        }
    }
}
