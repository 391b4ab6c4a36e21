//! Images that are small on the wire: what they make of memory and CPU time stays small, too.

mod attributes;
mod detours;
mod expansion;

use crate::support::image::{oci, raw_zstd};
use crate::support::sandbox::{Command, Run};
use crate::support::{Ability, Compression, Image, Layout, Sandbox, Traced, sha256};

/// In which parts of a second /proc counts CPU time, on every machine that Linux runs on but Alpha.
const USER_HZ: u64 = 100;

/// What a run took.
#[derive(Clone, Copy, Debug)]
struct Spent {
    /// The most memory that it had, in MiB, without the binary's own pages: how many of them are in memory is the
    /// kernel's choice.
    memory: u64,
    /// CPU time in seconds, of which a machine under load takes no more.
    cpu: u64,
}

impl Spent {
    /// Asserts that it was no more than so many MiB and so many seconds.
    #[track_caller]
    fn is_within(self, memory: u64, cpu: u64) {
        assert!(self.memory <= memory && self.cpu <= cpu, "{self:?}");
    }
}

/// Runs a command and sees what it took.
fn spend(sandbox: &Sandbox, command: Command) -> (Run, Spent) {
    let traced = Traced::start(sandbox, command).unwrap();
    let mut spent = Spent { memory: 0, cpu: 0 };
    let run = traced.ends(|traced| {
        let status = traced.proc("status");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.unwrap().parse::<u64>().unwrap()
        };
        spent.memory = (field("VmHWM:") - field("RssFile:")) / 1024;
        // proc_pid_stat(5): behind the name in parentheses, utime and stime are the twelfth and the next.
        let stat = traced.proc("stat");
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        spent.cpu = ticks / USER_HZ;
    });
    (run.wait(), spent)
}

/// A tar that begins with `head` and goes on with `times` times the same bytes, as small as zstd makes it: what is the
/// same is compressed once, and nobody has to hold all of it.
fn repeated(head: &[u8], piece: &[u8], times: usize) -> Vec<u8> {
    let mut blob = raw_zstd(head);
    let frame = raw_zstd(piece);
    (0..times).for_each(|_| blob.extend_from_slice(&frame));
    blob
}

/// An image of one layer, which is in this blob. The DiffID is of something else: none of these gets that far.
fn bomb(sandbox: &Sandbox, blob: Vec<u8>) -> String {
    assert!(blob.len() < 1_000_000, "{} B on the wire", blob.len());
    let image = Image::new().layer_bytes(oci::LAYER, blob, &sha256(b"unknown"));
    Layout::new()
        .image("", &image.build())
        .write(sandbox.path("layout"));
    "oci:layout".to_owned()
}

/// An image of these layers, compressed.
fn image(sandbox: &Sandbox, tars: impl IntoIterator<Item = Vec<u8>>) -> String {
    let tars = tars.into_iter();
    let image = tars.fold(Image::new(), |image, tar| {
        image.layer_tar(tar).compressed(Compression::Zstd)
    });
    Layout::new()
        .image("", &image.build())
        .write(sandbox.path("layout"));
    "oci:layout".to_owned()
}

/// The pull of an image, and what it took.
fn pull(sandbox: &Sandbox, image: &str) -> (Run, Spent) {
    let command = sandbox.roots(["pull", "--cache=no", image, "dest"]);
    spend(sandbox, command)
}

/// The verification of a tree, which may be another one, and what it took.
fn verify(sandbox: &Sandbox, image: &str) -> (Run, Spent) {
    sandbox.mkdir("dest");
    let command = sandbox.roots(["verify", "--cache=no", "dest", image]);
    spend(sandbox, command)
}

/// Whether memory and CPU time cannot be told here.
fn cannot_count() -> bool {
    Ability::Tracing.is_missing()
}
