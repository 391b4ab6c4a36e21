//! What image-spec layer.md says of layers, in its own order: first a layer hides what is below, then it adds what it
//! has. An extractor sees whiteouts wherever they stand among the entries, and has to come to the same.

use super::image::{Entry, What};
use super::tree::{End, Kind, Tree, is_within, join, parent};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of a layer.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Applied,
    /// Refused, for this entry, with the name of the fault; a whiteout may be refused sooner or later than others.
    Refused(usize, Fault),
    /// The spec leaves open what this entry means in this layer.
    Open(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    LinkLoop,
    ParentIsFile,
    LinkTargetMissing,
    LinkToDirectory,
    EmptyLink,
    RootIsNoDirectory,
    Climbs,
}

/// One layer on its way into a tree.
struct Change<'t> {
    tree: &'t mut Tree,
    /// What the layer hides, as it was.
    hidden: BTreeMap<String, Kind>,
    /// Where the layer has put something, and where that was no directory.
    put: BTreeSet<String>,
    put_others: BTreeSet<String>,
}

/// Why an entry does not become part of the tree.
enum Stop {
    Fault(Fault),
    Open,
}

/// Applies a layer.
pub(super) fn apply(tree: &mut Tree, layer: &[Entry]) -> Outcome {
    let mut hides = Vec::new();
    let mut refused = None;
    for (number, entry) in layer.iter().enumerate().filter(|(_, entry)| entry.hides()) {
        let parents = match entry.what {
            What::Whiteout => parent(&entry.path),
            _ => &entry.path,
        };
        let way = tree.follow(parents, |_, _| ());
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        let asked: Vec<_> = way
            .asked
            .into_iter()
            .map(|place| {
                let is_link = matches!(tree.kind(&place), Some(Kind::Symlink(_)));
                (place, is_link)
            })
            .collect();
        let top = match way.end {
            End::Directory(place) if entry.what == What::Whiteout => Some(join(&place, name)),
            End::Directory(place) => Some(place),
            // There is nothing there to hide.
            End::Missing(_) | End::NotADirectory(_) => None,
            End::Loop => {
                refused = refused.or(Some(Outcome::Refused(number, Fault::LinkLoop)));
                None
            }
        };
        hides.push((number, asked, way.turns, top));
    }
    let mut hidden = BTreeMap::new();
    for (number, _, _, top) in &hides {
        let Some(top) = top else { continue };
        let with_top = layer[*number].what == What::Whiteout;
        let places = tree.places.iter();
        let within = places
            .filter(|(place, _)| is_within(place, top) && (with_top || *place != top))
            .map(|(place, thing)| (place.clone(), thing.kind.clone()));
        hidden.extend(within);
    }
    tree.places.retain(|place, _| !hidden.contains_key(place));

    let mut change = Change {
        tree,
        hidden,
        put: BTreeSet::new(),
        put_others: BTreeSet::new(),
    };
    let mut stopped = None;
    for (number, entry) in layer.iter().enumerate() {
        match change.add(entry) {
            Ok(()) => {}
            Err(Stop::Open) => return Outcome::Open(number),
            Err(Stop::Fault(fault)) => {
                stopped = Some(Outcome::Refused(number, fault));
                break;
            }
        }
    }
    for (number, asked, turns, _) in &hides {
        let mut asked = asked.iter();
        let has_turned = turns
            .as_ref()
            .is_some_and(|place| change.tree.kind(place) == Some(&Kind::Directory));
        if has_turned || asked.any(|(place, is_link)| change.has_changed(place, *is_link)) {
            return Outcome::Open(*number);
        }
    }
    refused.or(stopped).unwrap_or(Outcome::Applied)
}

impl Change<'_> {
    fn add(&mut self, entry: &Entry) -> Result<(), Stop> {
        if entry.hides() || entry.what == What::Bookkeeping {
            return Ok(());
        }
        if let What::HardLink(target) = &entry.what
            && target.split('/').any(|name| name == "..")
        {
            return Err(Stop::Fault(Fault::Climbs));
        }
        if entry.path.is_empty() {
            let root = self.tree.places.get_mut("");
            return match (&entry.what, root) {
                (What::Directory, Some(root)) => {
                    root.metadata = entry.metadata.clone();
                    Ok(())
                }
                _ => Err(Stop::Fault(Fault::RootIsNoDirectory)),
            };
        }
        let parents = parent(&entry.path);
        let way = self.tree.follow(parents, |_, _| ());
        self.is_clear(&way.asked)?;
        // Of a lower layer, it is replaced as if the layer had an entry for it ("Changeset over existing files").
        if let End::NotADirectory(Some(place)) = &way.end
            && !self.put.contains(place)
        {
            self.tree.imply(place);
        }
        // Only now that it is clear what was meant: what is missing on the way is made.
        let way = self.tree.follow(parents, Tree::imply);
        self.is_clear(&way.asked)?;
        let place = match way.end {
            End::Directory(parent) => {
                join(&parent, entry.path.rsplit('/').next().unwrap_or_default())
            }
            End::Loop => return Err(Stop::Fault(Fault::LinkLoop)),
            End::NotADirectory(_) | End::Missing(_) => {
                return Err(Stop::Fault(Fault::ParentIsFile));
            }
        };
        self.put(&place, entry)
    }

    fn put(&mut self, place: &str, entry: &Entry) -> Result<(), Stop> {
        let metadata = entry.metadata.clone();
        self.put.insert(place.to_owned());
        if entry.what != What::Directory {
            self.put_others.insert(place.to_owned());
        }
        match &entry.what {
            What::Directory => match self.tree.places.get_mut(place) {
                Some(found) if found.kind == Kind::Directory => found.metadata = metadata,
                _ => self.tree.put(place, Kind::Directory, metadata),
            },
            What::File(contents) => self.tree.put(place, Kind::File(contents.clone()), metadata),
            What::Symlink(target) if target.is_empty() => {
                return Err(Stop::Fault(Fault::EmptyLink));
            }
            What::Symlink(target) => self
                .tree
                .put(place, Kind::Symlink(target.clone()), metadata),
            What::Fifo => self.tree.put(place, Kind::Fifo, metadata),
            What::HardLink(target) => return self.link(place, target),
            What::Whiteout | What::Opaque | What::Bookkeeping => {}
        }
        Ok(())
    }

    /// Gives what is at `target` a second name. Its own header says nothing of it.
    fn link(&mut self, place: &str, target: &str) -> Result<(), Stop> {
        let names: Vec<_> = target
            .split('/')
            .filter(|name| !matches!(*name, "" | "."))
            .collect();
        let Some((name, parents)) = names.split_last() else {
            return Err(Stop::Fault(Fault::EmptyLink));
        };
        let way = self.tree.follow(&parents.join("/"), |_, _| ());
        let old = match way.end {
            End::Directory(parent) => join(&parent, name),
            End::Missing(place) => place,
            End::NotADirectory(_) => return Err(Stop::Fault(Fault::LinkTargetMissing)),
            End::Loop => return Err(Stop::Fault(Fault::LinkLoop)),
        };
        match self.tree.places.get(&old) {
            // It was there, and is hidden by the same layer that wants it.
            None if self.hidden.contains_key(&old) => Err(Stop::Open),
            None => Err(Stop::Fault(Fault::LinkTargetMissing)),
            Some(found) if found.kind == Kind::Directory => {
                Err(Stop::Fault(Fault::LinkToDirectory))
            }
            Some(found) if self.tree.is_twin(found, place) => Ok(()),
            // To make room for the second name is to lose the first, or the way to it.
            Some(_) if is_within(&old, place) || way.asked.iter().any(|asked| asked == place) => {
                Err(Stop::Fault(Fault::LinkTargetMissing))
            }
            Some(found) => {
                let thing = found.clone();
                self.tree.put_name(place, thing);
                Ok(())
            }
        }
    }

    /// Whether it is clear what leads there: where the layer hides a file or a symlink and has not said what is in its
    /// place, a directory or the old one may be meant.
    fn is_clear(&self, asked: &[String]) -> Result<(), Stop> {
        let open = |place: &String| {
            let hides_other =
                matches!(self.hidden.get(place), Some(kind) if *kind != Kind::Directory);
            hides_other && !self.put.contains(place)
        };
        if asked.iter().any(open) {
            Err(Stop::Open)
        } else {
            Ok(())
        }
    }

    /// Whether the layer changes where a whiteout leads that asks for this place.
    fn has_changed(&self, place: &String, is_link: bool) -> bool {
        let touched = self.put.contains(place) || self.hidden.contains_key(place);
        self.put_others.contains(place) || is_link && touched
    }
}
