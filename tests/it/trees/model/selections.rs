//! Random sequences of layers, pulled by the real binary in whole and in part: the part is the whole, restricted.

use super::generator;
use super::image::{listing, tar};
use crate::support::image::Compression;
use crate::support::tree::{self, Kind, Tree};
use crate::support::{Image, Layout, Random, Run, Sandbox, random};
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 1;
const SEQUENCES: u64 = 400;

/// What of a whole tree stays, by the book: nothing if an include leads to nothing.
struct Reference<'t> {
    whole: &'t Tree,
    kept: BTreeSet<Vec<u8>>,
}

impl Reference<'_> {
    /// Goes the way from `here`, a name at a time, and gives where it ends. What is passed is kept.
    fn walk(&mut self, here: &str, way: &str, links: usize) -> Option<String> {
        let (name, rest) = way.split_once('/').unwrap_or((way, ""));
        let next = match name {
            _ if way.is_empty() => return Some(here.to_owned()),
            "" | "." => here.to_owned(),
            ".." => here
                .rsplit_once('/')
                .map_or("", |(above, _)| above)
                .to_owned(),
            _ => {
                let place = format!("{here}/{name}");
                let node = self.whole.get(&place.as_bytes()[1..])?;
                let target = node
                    .target
                    .as_ref()
                    .map(|target| String::from_utf8_lossy(target));
                let is_end = rest.split('/').all(|name| matches!(name, "" | "."));
                match (node.kind, target) {
                    (Kind::Symlink, _) if links == 40 => return None,
                    (Kind::Symlink, Some(target)) => {
                        self.kept.insert(place.as_bytes()[1..].to_vec());
                        let from = if target.starts_with('/') { "" } else { here };
                        return self.walk(from, &format!("{target}/{rest}"), links + 1);
                    }
                    (Kind::Dir, _) => place,
                    _ if is_end => return Some(self.keep(place)),
                    _ => return None,
                }
            }
        };
        let next = self.keep(next);
        self.walk(&next, rest, links)
    }

    fn keep(&mut self, place: String) -> String {
        self.kept
            .insert(place.as_bytes().get(1..).unwrap_or_default().to_vec());
        place
    }
}

fn is_within(path: &[u8], above: &str) -> bool {
    let above = above.as_bytes().get(1..).unwrap_or_default();
    let is_below = path.strip_prefix(above);
    is_below.is_some_and(|rest| above.is_empty() || rest.is_empty() || rest[0] == b'/')
}

/// The tree restricted, or nothing where that is an error.
fn restricted(whole: &Tree, includes: &[String], excludes: &[String]) -> Option<Tree> {
    let kept = BTreeSet::from([Vec::new()]);
    let mut reference = Reference { whole, kept };
    let mut dropped = Vec::new();
    for path in excludes {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut aside = Reference {
            whole,
            kept: BTreeSet::new(),
        };
        dropped.extend(
            aside
                .walk("", parent, 0)
                .map(|parent| format!("{parent}/{name}")),
        );
    }
    let is_dropped = |path: &[u8]| dropped.iter().any(|dropped| is_within(path, dropped));
    let mut subtrees = Vec::new();
    for path in includes {
        // A link at the end of a path that leads nowhere is all there is.
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let end = reference.walk("", path, 0).or_else(|| {
            let place = format!("{}/{name}", reference.walk("", parent, 0)?);
            let node = whole.get(&place.as_bytes()[1..])?;
            (node.kind == Kind::Symlink).then_some(place)
        });
        let end = end.filter(|end| !is_dropped(end.as_bytes().get(1..).unwrap_or_default()))?;
        subtrees.push(end);
    }
    if includes.is_empty() {
        subtrees.push(String::new());
    }
    let stays = |path: &Vec<u8>| {
        let is_kept = reference.kept.contains(path);
        let is_in_subtree = || subtrees.iter().any(|top| is_within(path, top));
        !is_dropped(path) && (is_kept || is_in_subtree())
    };
    let mut part: Tree = whole.clone();
    part.retain(|path, _| stays(path));
    // What is left of the names of one file.
    let mut twins: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (path, node) in &part {
        if let Some(first) = &node.twin {
            twins.entry(first.clone()).or_default().push(path.clone());
        }
    }
    for names in twins.into_values() {
        for name in &names {
            let twin = (names.len() > 1).then(|| names[0].clone());
            part.get_mut(name).unwrap().twin = twin;
        }
    }
    Some(part)
}

/// Paths of the tree, and some that are not in it.
fn paths(random: &mut Random, whole: &Tree, most: usize) -> Vec<String> {
    let known: Vec<_> = whole.keys().filter(|path| !path.is_empty()).collect();
    let mut path = || {
        let mut path = match known.is_empty() || random.percent(3) {
            true => random.pick(&["a", "b", "c/a", "none"]).to_owned(),
            false => String::from_utf8(random.pick(&known).clone()).unwrap(),
        };
        if random.percent(7) {
            path = format!("{path}/{}", random.pick(&["a", "b", "c"]));
        }
        path
    };
    let mut all = vec![path(), path(), path()];
    all.truncate(random.below(most + 1));
    all
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "shown when the test fails, and on request"
)]
fn a_part_of_an_image_is_the_whole_restricted() {
    let sandbox = Sandbox::in_memory("roots-selections");
    let first = random::from_environment("ROOTS_SEED", SEED);
    let (mut same, mut refused, mut fewer) = (0, 0, 0);
    for seed in (0..SEQUENCES).map(|number| first.wrapping_add(number)) {
        let random = &mut Random::new(seed);
        let sequence = generator::sequence(random);
        let image = sequence.iter().fold(Image::new(), |image, layer| {
            image.layer_tar(tar(layer)).compressed(Compression::None)
        });
        let layout = sandbox.path("layout");
        Layout::new().image("", &image.build()).write(&layout);
        let pull = |dest: &str, more: &[String]| -> Run {
            let pull = ["pull", "--cache=no", "--force", "oci:layout", dest];
            sandbox.roots(pull).args(more).run()
        };
        if pull("whole", &[]).code == Some(0) {
            let whole = tree::list(sandbox.path("whole"));
            let includes = paths(random, &whole, 2);
            let excludes = paths(random, &whole, 3);
            let options = |option: &str, paths: &[String]| -> Vec<String> {
                paths
                    .iter()
                    .map(|path| format!("--{option}={path}"))
                    .collect()
            };
            let more = [options("include", &includes), options("exclude", &excludes)].concat();
            let run = pull("part", &more);
            let said = || {
                format!(
                    "ROOTS_SEED={seed} {more:?}\n{}\n{run:?}",
                    listing(&sequence)
                )
            };
            match restricted(&whole, &includes, &excludes) {
                None => {
                    assert_eq!(run.code, Some(3), "{}", said());
                    refused += 1;
                }
                Some(wanted) => {
                    assert_eq!(run.code, Some(0), "{}", said());
                    let found = tree::list(sandbox.path("part"));
                    assert_eq!(tree::diff(&wanted, &found), [""; 0], "{}", said());
                    fewer += usize::from(wanted.len() < whole.len());
                    same += 1;
                    let verified = sandbox.roots(["verify", "--cache=no", "part", "oci:layout"]);
                    let verified = verified.args(&more).run();
                    let mut lines = verified.stdout.lines();
                    let is_same = lines.all(|line| line.starts_with("unread "));
                    assert!(is_same, "{}\n{verified:?}", said());
                }
            }
        }
        std::fs::remove_dir_all(layout).unwrap();
    }
    println!("{same} parts, {fewer} of them smaller than the whole, {refused} refused");
    assert!(
        same * 2 > SEQUENCES && refused * 50 > SEQUENCES,
        "{same}, {refused}"
    );
    assert!(fewer as u64 * 2 > same, "{fewer} of {same}");
}
