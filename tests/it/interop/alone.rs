//! A layer that is alone in its image, which GNU tar can unpack as well as umoci.

use super::{explained, peer};
use crate::support::tree::{self, Tree};
use crate::support::{Image, Layout, Sandbox};
use std::path::PathBuf;

/// One layer in a file, and the image of it in a layout.
pub(super) struct Alone<'s> {
    sandbox: &'s Sandbox,
    name: String,
}

/// What each makes of it.
pub(super) struct Trees {
    pub(super) ours: Tree,
    pub(super) umocis: Tree,
    pub(super) tars: Tree,
}

impl<'s> Alone<'s> {
    /// Has GNU tar write a folder of the sandbox; `name` tells one layer from another.
    pub(super) fn written(sandbox: &'s Sandbox, folder: &str, name: &str, tar: &[&str]) -> Self {
        let layer = sandbox.path(format!("{name}.tar"));
        peer::tar(&sandbox.path(folder), &layer, tar);
        Self::of(sandbox, name)
    }

    /// Takes the file `name`.tar of the sandbox.
    pub(super) fn of(sandbox: &'s Sandbox, name: &str) -> Self {
        let name = name.to_owned();
        let alone = Self { sandbox, name };
        let tar = sandbox.read(alone.layer());
        let image = Image::new().layer_tar(tar).build();
        Layout::new()
            .image("image", &image)
            .write(alone.path("layout"));
        alone
    }

    /// The layer.
    pub(super) fn layer(&self) -> PathBuf {
        self.path("tar")
    }

    /// Pulls it; where the tree is.
    pub(super) fn pull(&self) -> PathBuf {
        let (layout, tree) = (self.path("layout"), self.path("ours"));
        let name = format!("oci:{}:image", layout.display());
        let arguments = ["pull", "--cache=no", &name, tree.to_str().unwrap()];
        let run = self.sandbox.roots(arguments).run().succeeds();
        run.never_says("warning");
        tree
    }

    /// Has everybody unpack it.
    pub(super) fn unpack(&self) -> Trees {
        Trees {
            ours: tree::list(self.pull()),
            umocis: peer::unpack(&self.path("layout"), "image", &self.path("umocis")),
            tars: peer::untar(&self.layer(), &self.path("tars")),
        }
    }

    /// Asserts that umoci refuses it, and that what GNU tar makes of it is the same as ours.
    pub(super) fn unpack_without_umoci(&self, says: &str) -> Trees {
        let said = peer::refusal(&self.path("layout"), "image", &self.path("umocis"));
        assert!(said.contains(says), "{said}");
        let ours = tree::list(self.pull());
        Trees {
            umocis: ours.clone(),
            ours,
            tars: peer::untar(&self.layer(), &self.path("tars")),
        }
    }

    fn path(&self, what: &str) -> PathBuf {
        self.sandbox.path(format!("{}.{what}", self.name))
    }
}

impl Trees {
    /// Asserts that all are the same, and says for the log what was compared.
    #[track_caller]
    #[expect(clippy::print_stdout, reason = "what was compared, for the log")]
    pub(super) fn assert_same(&self, what: &str) {
        println!("{what}: {} entries, umoci and tar", self.ours.len());
        explained::assert_same(&self.ours, &self.umocis);
        explained::assert_same_as("tar", &self.ours, &self.tars);
    }
}
