//! What a tree in memory looks like on a disk.

use super::image::Metadata;
use super::tree::{Kind, Thing, Tree};
use crate::support::image::sha256;
use crate::support::tree;
use std::collections::BTreeMap;

impl Tree {
    /// The tree as it should be found on a disk, by root or by an ordinary user with these ids.
    pub(super) fn on_disk(&self, user: Option<(u32, u32)>, with_xattrs: bool) -> tree::Tree {
        let mut names: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
        for (place, thing) in &self.places {
            names.entry(thing.number).or_default().push(place);
        }
        let node = |thing: &Thing| {
            let first = &names[&thing.number];
            let twin = (first.len() > 1).then(|| first[0].clone().into_bytes());
            thing.on_disk(user, with_xattrs, twin)
        };
        let nodes = self.places.iter();
        nodes
            .map(|(place, thing)| (place.clone().into_bytes(), node(thing)))
            .collect()
    }
}

impl Thing {
    fn on_disk(
        &self,
        user: Option<(u32, u32)>,
        with_xattrs: bool,
        twin: Option<Vec<u8>>,
    ) -> tree::Node {
        let Metadata {
            mode, owner, mtime, ..
        } = self.metadata;
        let (kind, contents, target) = match &self.kind {
            Kind::Directory => (tree::Kind::Dir, None, None),
            Kind::File(contents) => (tree::Kind::File, Some(contents), None),
            Kind::Symlink(target) => (tree::Kind::Symlink, None, Some(target)),
            Kind::Fifo => (tree::Kind::Fifo, None, None),
        };
        // The mode of a symlink is the kernel's affair, and an ordinary user keeps access to directories.
        let mode = match (&self.kind, user) {
            (Kind::Symlink(_), _) => 0o777,
            (Kind::Directory, Some(_)) => mode | 0o700,
            _ => mode,
        };
        let may_have = matches!(self.kind, Kind::Directory | Kind::File(_));
        let xattrs = self.metadata.xattrs.iter();
        let xattrs = xattrs.filter(|_| with_xattrs && may_have);
        let (uid, gid) = user.unwrap_or(owner);
        tree::Node {
            kind,
            mode,
            uid,
            gid,
            size: contents.map_or(0, |contents| contents.len() as u64),
            mtime,
            target: target.map(|target| target.clone().into_bytes()),
            device: None,
            twin,
            xattrs: xattrs
                .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
                .collect(),
            sha256: contents.map(sha256),
        }
    }
}
