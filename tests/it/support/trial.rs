//! One image for one case: written as a layout, pulled by the real binary, and looked at.

use super::image::{Blob, Compression, Image, oci};
use super::layout::Layout;
use super::sandbox::{Command, Run, Sandbox};
use super::tar::Layer;
use super::tree::{self, Node, Tree};
use std::fs;
use std::path::{Path, PathBuf};

/// An image to be tried. What it is called is what the command line of a failure shows.
pub struct Trial {
    name: String,
    image: Image,
    arguments: Vec<String>,
    prelude: Option<String>,
}

/// What came out.
pub struct Outcome {
    pub name: String,
    pub run: Run,
    pub dest: PathBuf,
    /// Goes with the outcome, unless somebody else owns it.
    _sandbox: Option<Sandbox>,
}

impl Trial {
    /// An image without layers.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self {
            name: name.as_ref().to_owned(),
            image: Image::new(),
            arguments: Vec::new(),
            prelude: None,
        }
    }

    /// Adds a layer on top.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a chain of calls made it, and nobody keeps it"
    )]
    pub fn layer(self, layer: Layer) -> Self {
        self.tar(layer.tar())
    }

    /// Adds layers on top.
    pub fn layers(self, layers: impl IntoIterator<Item = Layer>) -> Self {
        layers.into_iter().fold(self, Self::layer)
    }

    /// Adds a layer from a tar in bytes.
    pub fn tar(mut self, tar: impl Into<Vec<u8>>) -> Self {
        self.image = self.image.layer_tar(tar).compressed(Compression::None);
        self
    }

    /// Adds a layer from a blob that is compressed already, and the DiffID of what it is.
    pub fn blob(mut self, bytes: impl Into<Vec<u8>>, diff_id: &str) -> Self {
        self.image = self.image.layer_bytes(oci::LAYER, bytes, diff_id);
        self
    }

    /// Adds an argument to the pull.
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Has the shell do something first: `umask 077`, `ulimit -v 65536`.
    pub fn prelude(mut self, shell: &str) -> Self {
        self.prelude = Some(shell.to_owned());
        self
    }

    /// Pulls into a sandbox of its own.
    pub fn pull(self) -> Outcome {
        let sandbox = Sandbox::new("trial");
        let dest = sandbox.path("dest");
        let mut outcome = self.pull_into(&sandbox, &dest);
        outcome.keep(sandbox);
        outcome
    }

    /// Pulls into `dest` in a sandbox that others look at, too.
    pub fn pull_into(self, sandbox: &Sandbox, dest: &Path) -> Outcome {
        let Self {
            name,
            image,
            arguments,
            prelude,
        } = self;
        let slug = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let slug: String = name.chars().map(slug).take(200).collect();
        let layout = sandbox.path("home").join(slug);
        Layout::new().image("", &image.build()).write(&layout);
        let command = sandbox.roots(["pull", "--cache=no"]).args(&arguments);
        let image = format!("oci:{}", layout.display());
        let command = command.arg(&image).arg(dest).cwd(sandbox.path(""));
        let same_way = |command: Command| match &prelude {
            Some(shell) => command.prelude(shell),
            None => command,
        };
        let run = same_way(command).run();
        // What a prelude removes, it would remove again.
        let is_kept = !prelude
            .as_ref()
            .is_some_and(|shell| shell.contains("rm -rf"));
        if run.code == Some(0) && is_kept {
            // Whatever a pull makes of an image is what the image makes.
            let verify = sandbox
                .roots(["verify", "--cache=no"])
                .args(arguments.iter().filter(is_of_tree))
                .arg(dest)
                .arg(&image);
            let verified = same_way(verify.cwd(sandbox.path(""))).run();
            // Its owner may not read a file of mode 0000 either.
            let mut lines = verified.stdout.lines();
            let is_same = lines.all(|line| line.starts_with("unread "));
            let code = if verified.stdout.is_empty() { 0 } else { 5 };
            assert!(
                is_same && verified.code == Some(code),
                "{name}: {verified:?}"
            );
        }
        fs::remove_dir_all(layout).unwrap();
        Outcome {
            name,
            run,
            dest: dest.to_owned(),
            _sandbox: None,
        }
    }
}

impl Outcome {
    /// Has the sandbox that was pulled into go with the outcome.
    pub fn keep(&mut self, sandbox: Sandbox) {
        self._sandbox = Some(sandbox);
    }

    /// Asserts that it came to a tree, and which, without owners.
    #[track_caller]
    pub fn is(&self, sketch: &str) -> &Self {
        self.succeeds();
        assert_eq!(tree::sketch(&self.dest), sketch, "{}", self.name);
        self
    }

    /// Asserts that it came to a tree.
    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        self.run.clone().succeeds();
        self
    }

    /// Asserts that the image is refused as malformed, for this reason, and that nothing is left.
    #[track_caller]
    pub fn refused(&self, why: &str) -> &Self {
        self.fails(5, why)
    }

    /// Asserts that it fails with this exit code, for this reason, and that nothing is left.
    #[track_caller]
    pub fn fails(&self, code: i32, why: &str) -> &Self {
        self.run.clone().fails(code).says(why);
        let name = self.dest.file_name().unwrap().to_str().unwrap();
        for left in [name.to_owned(), format!(".{name}.roots")] {
            let left = self.dest.with_file_name(left);
            assert!(
                left.symlink_metadata().is_err(),
                "{}: {} was left",
                self.name,
                left.display()
            );
        }
        self
    }

    /// The whole tree.
    #[track_caller]
    pub fn tree(&self) -> Tree {
        self.succeeds();
        tree::list(&self.dest)
    }

    /// One thing in the tree; `""` is the root.
    #[track_caller]
    pub fn node(&self, path: impl AsRef<[u8]>) -> Node {
        let path = path.as_ref();
        let mut tree = self.tree();
        let found = tree.remove(path);
        found.unwrap_or_else(|| {
            panic!(
                "{}: no {} in\n{}",
                self.name,
                tree::show(path),
                tree::sketch(&self.dest)
            )
        })
    }

    /// The contents of a file in the tree.
    #[track_caller]
    pub fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        self.succeeds();
        let path = self.dest.join(path);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {}: {e}", self.name, path.display()))
    }
}

/// Whether an option makes the tree another one than the image's.
fn is_of_tree(argument: &&String) -> bool {
    let options = ["--include=", "--exclude=", "--strip-owner", "--uid-shift="];
    options.iter().any(|option| argument.starts_with(option))
}
