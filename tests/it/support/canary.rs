//! Files and folders that no image may touch: beside the destination, above it, and somewhere else by absolute path.

use super::sandbox::Sandbox;
use super::tree::{self, Node, Tree};
use rustix::fs::XattrFlags;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// What stands in every canary file, and nowhere else.
pub const SECRET: &str = "the canary's secret: 5dbb1a54";

/// Canaries round a destination that does not exist yet:
/// ```text
/// SANDBOX/above/beside/dest         the destination
/// SANDBOX/above/beside/dest-evil/   a sibling with the same prefix
/// SANDBOX/above/beside/canary, canaries/
/// SANDBOX/above/canary, canaries/
/// SANDBOX/outside/canary, canaries/ by absolute path
/// ```
/// Each `canaries/` has `secret`, `twin` (a hard link to it), `link` (a symbolic one) and `sub/secret`.
pub struct Canary {
    sandbox: PathBuf,
    before: BTreeMap<Vec<u8>, State>,
}

/// All that a path can tell, down to the times that only the kernel sets.
#[derive(Clone, PartialEq, Eq)]
struct State {
    node: Node,
    inode: u64,
    links: u64,
    changed: (i64, i64),
}

impl Canary {
    /// Plants the canaries and remembers them.
    pub fn plant(sandbox: &Sandbox) -> Self {
        for place in ["above/beside", "above/beside/dest-evil", "above", "outside"] {
            let place = sandbox.mkdir(place);
            secret(&place.join("canary"), 0o640);
            let folder = place.join("canaries");
            fs::create_dir_all(folder.join("sub")).unwrap();
            secret(&folder.join("secret"), 0o600);
            secret(&folder.join("sub/secret"), 0o4711);
            fs::hard_link(folder.join("secret"), folder.join("twin")).unwrap();
            symlink("secret", folder.join("link")).unwrap();
            fs::set_permissions(&folder, Permissions::from_mode(0o750)).unwrap();
        }
        let mut canary = Self {
            sandbox: sandbox.path(""),
            before: BTreeMap::new(),
        };
        canary.before = canary.now();
        canary
    }

    /// Where the image goes.
    pub fn dest(&self) -> PathBuf {
        self.sandbox.join("above/beside/dest")
    }

    /// The file outside, as an absolute path: a target for links.
    pub fn file(&self) -> PathBuf {
        self.sandbox.join("outside/canary")
    }

    /// The folder outside, as an absolute path.
    pub fn dir(&self) -> PathBuf {
        self.sandbox.join("outside/canaries")
    }

    /// Asserts that nothing changed, appeared or went outside of the destination (and of the cache and the home), and
    /// that no secret came in.
    #[track_caller]
    pub fn assert_untouched(&self) {
        let mut touched = Vec::new();
        let now = self.now();
        for (path, before) in &self.before {
            match now.get(path) {
                None => touched.push(format!("{} is gone", tree::show(path))),
                Some(after) => {
                    let differences = before.differences(after);
                    touched.extend(
                        differences
                            .into_iter()
                            .map(|what| format!("{}: {what}", tree::show(path))),
                    );
                }
            }
        }
        let new = now.keys().filter(|path| !self.before.contains_key(*path));
        touched.extend(new.map(|path| format!("{} is new", tree::show(path))));
        touched.extend(
            self.leaks()
                .into_iter()
                .map(|path| format!("the secret is in {}", path.display())),
        );
        assert!(
            touched.is_empty(),
            "a canary was touched: THIS IS A BREAKOUT\n{}",
            touched.join("\n")
        );
    }

    /// Everything outside of what the binary may write to.
    fn now(&self) -> BTreeMap<Vec<u8>, State> {
        let mut tree = tree::list(&self.sandbox);
        let own = ["above/beside/dest", "cache", "home"];
        tree.retain(|path, _| {
            !own.iter().any(|own| {
                path.strip_prefix(own.as_bytes())
                    .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
            })
        });
        // These get and lose entries when the binary makes its own: their times and link counts may change.
        let busy: [&[u8]; 2] = [b"", b"above/beside"];
        tree.into_iter()
            .map(|(path, mut node)| {
                let metadata =
                    fs::symlink_metadata(self.sandbox.join(OsStr::from_bytes(&path))).unwrap();
                let mut state = State {
                    inode: metadata.ino(),
                    links: metadata.nlink(),
                    changed: (metadata.ctime(), metadata.ctime_nsec()),
                    node: node.clone(),
                };
                if busy.contains(&path.as_slice()) {
                    node.mtime = (0, 0);
                    (state.links, state.changed, state.node) = (0, (0, 0), node);
                }
                (path, state)
            })
            .collect()
    }

    fn leaks(&self) -> Vec<PathBuf> {
        let dest = self.dest();
        let inside: Tree = if dest.symlink_metadata().is_ok() {
            tree::list(&dest)
        } else {
            Tree::new()
        };
        let files = inside
            .iter()
            .filter(|(_, node)| node.kind == tree::Kind::File);
        let files = files.map(|(path, _)| dest.join(OsStr::from_bytes(path)));
        files
            .filter(|file| fs::read(file).is_ok_and(|bytes| contains(&bytes, SECRET.as_bytes())))
            .collect()
    }
}

impl State {
    fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = self.node.differences(&other.node);
        let numbers = [
            ("inode", self.inode == other.inode),
            ("link count", self.links == other.links),
            ("ctime", self.changed == other.changed),
        ];
        differences.extend(
            numbers
                .into_iter()
                .filter(|(_, same)| !same)
                .map(|(name, _)| name.to_owned()),
        );
        differences
    }
}

fn secret(path: &Path, mode: u32) {
    fs::write(path, SECRET).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    // Not every file system has these; then there is nothing to be lost either.
    let _ = rustix::fs::lsetxattr(path, "user.canary", b"alive", XattrFlags::empty());
    let time = UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

mod tests {
    use super::*;

    #[test]
    fn a_canary_notices_the_least_touch() {
        let touches: [fn(&Canary); 7] = [
            |canary| fs::write(canary.file(), SECRET).unwrap(),
            |canary| fs::set_permissions(canary.dir(), Permissions::from_mode(0o750)).unwrap(),
            |canary| fs::hard_link(canary.file(), canary.dest().join("stolen")).unwrap(),
            |canary| fs::remove_file(canary.dest().join("../canaries/link")).unwrap(),
            |canary| fs::write(canary.dest().join("../../new"), "").unwrap(),
            |canary| fs::write(canary.dest().join("../new"), "").unwrap(),
            |canary| {
                fs::write(
                    canary.dest().join("copied"),
                    fs::read(canary.file()).unwrap(),
                )
                .unwrap()
            },
        ];
        for (number, touch) in touches.into_iter().enumerate() {
            let sandbox = Sandbox::new("canary");
            let canary = Canary::plant(&sandbox);
            fs::create_dir(canary.dest()).unwrap();
            fs::write(canary.dest().join("own"), "").unwrap();
            canary.assert_untouched();
            std::thread::sleep(Duration::from_millis(10)); // the kernel's clock for ctime is coarse
            touch(&canary);
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                canary.assert_untouched()
            }));
            assert!(caught.is_err(), "touch {number} went unnoticed");
        }
    }
}
