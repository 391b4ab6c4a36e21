//! Applies a sequence to a folder, and looks whether that is what the model says.

use super::image::{Sequence, tar};
use super::spec::{self, Outcome};
use super::tree::Tree;
use crate::support::{Sandbox, sandbox, tree};
use roots::compare::{Comparison, Ignore, Puller, Scope};
use roots::error::{EntryFault, Error, ErrorKind, LayerError};
use roots::extract::Extractor;
use roots::oci::Digest;
use roots::sys::Dir;
use roots::tree::ImageTree;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

/// A folder to make trees in, one after the other, with neighbours that nobody may touch.
pub(super) struct Bench {
    sandbox: Sandbox,
    neighbours: Vec<[i64; 5]>,
    /// Who makes the trees, unless that is root.
    user: Option<(u32, u32)>,
    pub(super) with_xattrs: bool,
}

/// What came of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The trees are the same.
    Same,
    /// Both refuse it, for the same reason.
    Refused,
    /// The spec leaves open what it means: not compared.
    Open,
}

impl Bench {
    /// A folder in memory if there is such a place, since thousands of trees are made in it.
    pub(super) fn new(name: &str) -> Self {
        let sandbox = Sandbox::in_memory(&format!("roots-{name}"));
        let root = sandbox.path("");
        let flags = rustix::fs::XattrFlags::empty();
        let with_xattrs = rustix::fs::setxattr(&root, "user.probe", b"", flags).is_ok();
        // What a link might climb to: the names that links say, beside the tree.
        fs::create_dir(root.join("a")).unwrap();
        fs::write(root.join("a/b"), "outside").unwrap();
        fs::write(root.join("b"), "outside").unwrap();
        symlink("a", root.join("c")).unwrap();
        let own = fs::metadata(&root).unwrap();
        Self {
            neighbours: neighbours(&root),
            user: (!sandbox::is_root()).then(|| (own.uid(), own.gid())),
            with_xattrs,
            sandbox,
        }
    }

    /// Tries a sequence; a difference is told in lines, the model on the left.
    pub(super) fn try_out(&self, sequence: &Sequence) -> Result<Verdict, String> {
        let mut model = Tree::new();
        let mut refused = None;
        let mut is_open = false;
        for layer in sequence {
            match spec::apply(&mut model, layer) {
                Outcome::Applied => {}
                Outcome::Open(_) => {
                    is_open = true;
                    break;
                }
                Outcome::Refused(entry, fault) => {
                    // Which of two faults is found first depends on where a whiteout stands.
                    refused = Some((!layer[entry].hides()).then(|| format!("{fault:?}")));
                    break;
                }
            }
        }
        let place = self.sandbox.path("tree");
        fs::create_dir(&place).unwrap();
        fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
        let applied = apply(&place, sequence);
        let verified = verify(&place, sequence, &applied);
        let result = match (refused, applied) {
            _ if verified.is_err() => verified.map(|()| Verdict::Same),
            // Even so, there is one way in which `roots` takes it.
            _ if is_open => Ok(Verdict::Open),
            (Some(_), Ok(())) => Err("the model refuses this".to_owned()),
            (Some(Some(wanted)), Err(error)) if wanted != fault(&error) => {
                Err(format!("refused with {error:?} instead of {wanted}"))
            }
            (Some(_), Err(_)) => Ok(Verdict::Refused),
            (None, Err(error)) => Err(format!("refused: {error:?}")),
            (None, Ok(())) => self.compare(&model, &place),
        };
        sandbox::remove(&place).unwrap();
        if neighbours(&self.sandbox.path("")) == self.neighbours {
            result
        } else {
            Err("something outside of the tree was touched".to_owned())
        }
    }

    fn compare(&self, model: &Tree, place: &Path) -> Result<Verdict, String> {
        let mut wanted = model.on_disk(self.user, self.with_xattrs);
        let found = tree::list(place);
        if self.user.is_some() {
            // Their owner cannot look into these either.
            let shut = |node: &&mut tree::Node| node.mode & 0o400 == 0;
            for node in wanted.values_mut().filter(shut) {
                node.sha256 = None;
                node.xattrs.clear();
            }
        }
        let differences = tree::diff(&wanted, &found);
        if differences.is_empty() {
            Ok(Verdict::Same)
        } else {
            Err(differences.join("\n"))
        }
    }
}

fn apply(place: &Path, sequence: &Sequence) -> Result<(), Error> {
    let root = Dir::open_path(place).unwrap();
    let mut extractor = Extractor::new(&root, None, &Default::default())?;
    for layer in sequence {
        let bytes = tar(layer);
        extractor.apply(&Digest::sha256(b""), &mut &bytes[..])?;
    }
    extractor.finish().map(drop)
}

/// Whether `roots verify` comes to the same, which has a model of its own.
fn verify(place: &Path, sequence: &Sequence, applied: &Result<(), Error>) -> Result<(), String> {
    let mut image_tree = ImageTree::new(&Default::default());
    let mut modelled = Ok(());
    for layer in sequence {
        let bytes = tar(layer);
        modelled = modelled.and_then(|()| image_tree.apply(&Digest::sha256(b""), &mut &bytes[..]));
    }
    match (applied, modelled) {
        (Ok(()), Ok(())) => {
            let root = Dir::open_path(place).unwrap();
            let scope =
                Scope::new(&mut image_tree, &Default::default(), Ignore::default()).unwrap();
            let puller = Puller::new(&Default::default(), false);
            let comparison = Comparison::new(&image_tree, &scope, puller, &root, place);
            let comparison = comparison.map_err(|error| format!("not verified: {error}"))?;
            // What nobody but root may read, an ordinary user cannot compare.
            let lines = comparison.differences.iter().map(ToString::to_string);
            let lines: Vec<_> = lines.filter(|line| !line.starts_with("unread ")).collect();
            match lines.is_empty() {
                true => Ok(()),
                false => Err(format!("not verified:\n{}", lines.join("\n"))),
            }
        }
        (Err(_), Err(_)) => Ok(()),
        (applied, modelled) => Err(format!("applied {applied:?}, verified {modelled:?}")),
    }
}

/// The name of what was wrong with an entry.
fn fault(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Layer(LayerError::Entry {
            reason: EntryFault::Io { .. },
            ..
        }) => "Io".to_owned(),
        ErrorKind::Layer(LayerError::Entry { reason, .. }) => format!("{reason:?}"),
        _ => format!("{error:?}"),
    }
}

/// What stands beside the tree, down to the times that only the kernel sets.
fn neighbours(root: &Path) -> Vec<[i64; 5]> {
    let state = |path: &str| {
        let found = fs::symlink_metadata(root.join(path)).unwrap();
        [
            found.ctime(),
            found.ctime_nsec(),
            found.ino() as i64,
            found.nlink() as i64,
            found.mode().into(),
        ]
    };
    let states = ["a", "a/b", "b", "c"].map(state);
    let count = fs::read_dir(root).unwrap().count() as i64;
    [&states[..], &[[count; 5]]].concat()
}
