//! containers-registries.conf(5): where else the images of a registry are, and which are blocked.
//!
//! ```text
//! [[registry]]                     the entry with the longest prefix holds
//! prefix = "docker.io"             default: location
//! location = "internal.corp/hub"   what stands in place of the prefix
//! [[registry.mirror]]              tried before location, in this order
//! location = "mirror.corp:5000"
//! ```

use super::toml::{Line, Value, parse};
use crate::error::{ConfigurationFault, Error};
use crate::oci::Reference;
use crate::sys::read_file;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What one `[[registry]]` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    prefix: String,
    location: String,
    pub(super) insecure: bool,
    pub(super) blocked: bool,
    by_digest_only: bool,
    mirrors: Vec<Place>,
}

/// What one `[[registry.mirror]]` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    location: String,
    insecure: bool,
    from: String,
}

impl Entry {
    /// The entry for `reference` in the files of this user, if there is one.
    pub(super) fn find(reference: &Reference) -> Result<Option<Self>, Error> {
        let mut all: Vec<Self> = Vec::new();
        let (files, named) = files();
        for path in files {
            for entry in read(&path, named)? {
                // A later file has the last word on a prefix.
                all.retain(|earlier| earlier.prefix != entry.prefix);
                all.push(entry);
            }
        }
        Ok(longest(all, reference))
    }

    /// The mirrors to try for an image, each as `host/repository`, and whether any certificate will
    /// do.
    pub(super) fn mirrors(&self, reference: &Reference) -> impl Iterator<Item = (String, bool)> {
        let unwanted = match reference.digest() {
            Some(_) => "tag-only",
            None => "digest-only",
        };
        let for_it = move |place: &&Place| match place.from.as_str() {
            "" if self.by_digest_only => unwanted != "digest-only",
            from => from != unwanted,
        };
        let mirrors = self.mirrors.iter().filter(for_it);
        mirrors.map(move |place| (self.moved(reference, &place.location), place.insecure))
    }

    /// Where the image itself is, as `host/repository`.
    pub(super) fn location(&self, reference: &Reference) -> String {
        self.moved(reference, &self.location)
    }

    /// The name with `location` in place of the prefix.
    fn moved(&self, reference: &Reference, location: &str) -> String {
        let name = name_of(reference);
        match (location, self.rest_of(&name)) {
            ("", _) => name,
            // The prefix is of one tag or digest, and holds all of the name.
            (location, None) => location.to_owned(),
            (location, Some(rest)) => format!("{location}{rest}"),
        }
    }

    /// Whether an image is one of those that the prefix means.
    fn fits(&self, reference: &Reference) -> bool {
        let name = name_of(reference);
        let tagged = reference.tag().map(|tag| format!("{name}:{tag}"));
        let named = tagged.as_ref().unwrap_or(&name);
        let pinned = reference.digest().map(|digest| format!("{named}@{digest}"));
        let is_it = |whole: &Option<String>| whole.as_ref() == Some(&self.prefix);
        self.rest_of(&name).is_some() || is_it(&tagged) || is_it(&pinned)
    }

    /// What follows the prefix in a name that has it.
    fn rest_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        if let Some(domain) = self.prefix.strip_prefix('*') {
            // `*.example.com` is any host below that; a location replaces the host.
            let (host, _) = name.split_once('/')?;
            let is_below = domain.starts_with('.') && host.ends_with(domain);
            return (is_below && host.len() > domain.len()).then(|| &name[host.len()..]);
        }
        let rest = name.strip_prefix(self.prefix.as_str())?;
        (!self.prefix.is_empty() && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
    }

    /// Whether a key and its value were understood; a key that is not known says nothing to us.
    fn set(&mut self, key: &str, value: Value) -> bool {
        match (key, value) {
            ("prefix", Value::Text(text)) => self.prefix = trimmed(&text),
            ("location", Value::Text(text)) => self.location = trimmed(&text),
            ("insecure", Value::Flag(flag)) => self.insecure = flag,
            ("blocked", Value::Flag(flag)) => self.blocked = flag,
            ("mirror-by-digest-only", Value::Flag(flag)) => self.by_digest_only = flag,
            // An inline table of mirrors would have to be read, or they would be ignored.
            (
                "prefix" | "location" | "insecure" | "blocked" | "mirror-by-digest-only" | "mirror",
                _,
            ) => return false,
            _ => {}
        }
        true
    }
}

impl Place {
    fn set(&mut self, key: &str, value: Value) -> bool {
        match (key, value) {
            ("location", Value::Text(text)) => self.location = trimmed(&text),
            ("insecure", Value::Flag(flag)) => self.insecure = flag,
            ("pull-from-mirror", Value::Text(text)) => self.from = text,
            ("location" | "insecure" | "pull-from-mirror", _) => return false,
            _ => {}
        }
        true
    }
}

fn longest(entries: Vec<Entry>, reference: &Reference) -> Option<Entry> {
    let fitting = entries.into_iter().filter(|entry| entry.fits(reference));
    fitting.max_by_key(|entry| entry.prefix.len())
}

fn name_of(reference: &Reference) -> String {
    format!("{}/{}", reference.registry(), reference.repository())
}

fn trimmed(text: &str) -> String {
    text.trim_end_matches('/').to_owned()
}

/// The files in the order of reading: one, and the drop-ins; and whether the user named them, so that
/// they have to be there.
fn files() -> (Vec<PathBuf>, bool) {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("CONTAINERS_REGISTRIES_CONF") {
        return (vec![path.into()], true);
    }
    let own = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".config")));
    let own = own.map(|config| config.join("containers/registries.conf"));
    // The user's own file stands in place of the system's, drop-ins and all; the user's drop-ins
    // without it add to that.
    let system = Path::new("/etc/containers/registries.conf");
    let files = match own {
        Some(own) if own.exists() => [vec![own.clone()], drop_ins(&own)].concat(),
        own => {
            let own = own.as_deref().map(drop_ins).unwrap_or_default();
            [vec![system.to_owned()], drop_ins(system), own].concat()
        }
    };
    (files, false)
}

/// What lies in the folder beside a file, in order.
fn drop_ins(file: &Path) -> Vec<PathBuf> {
    let mut folder = file.as_os_str().to_owned();
    folder.push(".d");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "conf")
        })
        .collect();
    files.sort();
    files
}

fn read(path: &Path, named: bool) -> Result<Vec<Entry>, Error> {
    let failed = |why| Error::Configuration {
        path: path.to_owned(),
        why,
    };
    let unreadable = |source| failed(ConfigurationFault::Unreadable(source));
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && !named => return Ok(Vec::new()),
        Err(e) => return Err(unreadable(e)),
        Ok(found) if found.len() > MAX_FILE => {
            return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
        }
        Ok(_) => {}
    }
    let text = read_file(path, MAX_FILE).map_err(unreadable)?;
    let text =
        String::from_utf8(text).map_err(|_| unreadable(io::ErrorKind::InvalidData.into()))?;
    entries(&text).map_err(|line| failed(ConfigurationFault::Line(line)))
}

/// The entries of a text, or the line that cannot be understood.
fn entries(text: &str) -> Result<Vec<Entry>, usize> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut table = String::new();
    for (number, line) in parse(text)? {
        let understood = match line {
            Line::Table(name) => {
                table = name;
                match (table.as_str(), entries.last_mut()) {
                    ("registry", _) => entries.push(Entry::default()),
                    ("registry.mirror", Some(entry)) => entry.mirrors.push(Place::default()),
                    _ => {}
                }
                table != "registry.mirror" || !entries.is_empty()
            }
            Line::Entry(key, value) => match (table.as_str(), entries.last_mut()) {
                ("registry", Some(entry)) => entry.set(&key, value),
                ("registry.mirror", Some(entry)) => {
                    let mirror = entry.mirrors.last_mut();
                    mirror.is_some_and(|mirror| mirror.set(&key, value))
                }
                // An array of inline tables would have to be read, or what it blocks is not.
                ("", _) => key != "registry",
                // The format of 2018, which podman does not read any more: nor may it block in vain.
                ("registries.block", _) => key != "registries" || value == Value::Empty,
                _ => true,
            },
        };
        if !understood {
            return Err(number);
        }
    }
    for entry in &mut entries {
        if entry.prefix.is_empty() {
            entry.prefix.clone_from(&entry.location);
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(conf: &str, image: &str) -> Vec<String> {
        let reference = Reference::parse(image).unwrap();
        let entry = longest(entries(conf).unwrap(), &reference);
        entry.map_or_else(Vec::new, |entry| {
            let mirrors = entry.mirrors(&reference).map(|(name, _)| name);
            mirrors.chain([entry.location(&reference)]).collect()
        })
    }

    #[test]
    fn the_longest_prefix_holds() {
        let conf = r#"
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.corp:5000"
[[registry.mirror]]
location = "second.corp/hub/"
[[registry]]
prefix = "docker.io/library"
location = "internal.corp/copies"
[[registry]]
prefix = "*.example.com"
location = "example.corp"
"#;
        let mirrored = |name: &str| {
            ["mirror.corp:5000", "second.corp/hub", "docker.io"].map(|at| format!("{at}/{name}"))
        };
        for (image, wanted) in [
            ("a/b", mirrored("a/b").to_vec()),
            ("library2/x", mirrored("library2/x").to_vec()),
            ("debian", vec!["internal.corp/copies/debian".to_owned()]),
            ("eu.example.com/x/y", vec!["example.corp/x/y".to_owned()]),
            ("example.com/x", vec![]),
            ("docker.io.evil.net/x", vec![]),
        ] {
            assert_eq!(places(conf, image), wanted, "{image}");
        }
    }

    #[test]
    fn mirrors_may_be_for_tags_or_digests_only() {
        let digest = format!("a.io/b@sha256:{}", "0".repeat(64));
        for (mirror, registry, for_tag, for_digest) in [
            ("", "", true, true),
            ("pull-from-mirror = 'all'", "", true, true),
            ("pull-from-mirror = 'digest-only'", "", false, true),
            ("pull-from-mirror = 'tag-only'", "", true, false),
            ("", "mirror-by-digest-only = true", false, true),
        ] {
            let mirror = format!("[[registry.mirror]]\nlocation = 'm.io'\n{mirror}");
            let conf = format!("[[registry]]\nprefix = 'a.io'\n{registry}\n{mirror}");
            let count = |image| places(&conf, image).len();
            assert_eq!(count("a.io/b:1"), 1 + usize::from(for_tag), "{conf}");
            assert_eq!(count(&digest), 1 + usize::from(for_digest), "{conf}");
        }
    }

    #[test]
    fn a_prefix_may_be_of_one_tag_or_digest() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let pinned = format!("a.io/b@{digest}");
        for (prefix, image, fits) in [
            ("a.io/b:1", "a.io/b:1", true),
            ("a.io/b:1", "a.io/b:11", false),
            ("a.io/b:1", "a.io/b/c:1", false),
            ("a.io/b:latest", "a.io/b", true),
            ("a.io/b:latest", &pinned, false),
            (&pinned, &pinned, true),
            (&pinned, "a.io/b", false),
        ] {
            let conf = format!("[[registry]]\nprefix = '{prefix}'\nlocation = 'm.io/c'\n");
            let wanted = if fits {
                vec!["m.io/c".to_owned()]
            } else {
                vec![]
            };
            assert_eq!(places(&conf, image), wanted, "{prefix} {image}");
        }
    }

    #[test]
    fn what_cannot_be_understood_is_not_passed_over() {
        for (conf, line) in [
            ("[[registry]]\nlocation = true\n", 2),
            ("[[registry]]\nlocation = 'a'\nblocked = 'yes'\n", 3),
            ("[[registry.mirror]]\n", 1),
            (
                "[[registry]]\nlocation = 'a'\nmirror = [{location = 'b'}]\n",
                3,
            ),
            ("registry = [{location = 'a', blocked = true}]\n", 1),
            ("[registries.block]\nregistries = ['a.io']\n", 2),
            ("}{", 1),
        ] {
            assert_eq!(entries(conf), Err(line), "{conf}");
        }
        let old = "[registries.search]\nregistries = ['a']\n[registries.block]\nregistries = []\n";
        assert_eq!(entries(old), Ok(Vec::new()));
    }
}
