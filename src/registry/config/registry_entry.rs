//! One `[[registry]]` table of registries.conf: which images it matches, and where to pull them
//! from.
//!
//! ```text
//! [[registry]]
//! prefix = "docker.io"             the images it applies to; default: location
//! location = "internal.corp/hub"   replaces the prefix
//! [[registry.mirror]]              tried before location, in this order
//! location = "mirror.corp:5000"
//! ```
//! This rejects what containers/image rejects (postProcessRegistries): podman and roots agree on
//! what a file means, or both report an error.

use super::toml_table::{Item, TomlTable, TomlValue};
use crate::error::RegistriesFault;
use crate::oci::Reference;
use std::collections::{BTreeMap, BTreeSet};

/// An error and its line.
pub(crate) type LineFault = (usize, RegistriesFault);

/// One `[[registry]]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RegistryEntry {
    pub(crate) prefix: String,
    /// The line of its header.
    pub(crate) line: usize,
    location: String,
    pub(crate) insecure: bool,
    pub(crate) blocked: bool,
    by_digest_only: bool,
    mirrors: Vec<MirrorEntry>,
}

/// One `[[registry.mirror]]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct MirrorEntry {
    location: String,
    insecure: bool,
    pulls: Pulls,
}

/// Which pulls use a mirror: `pull-from-mirror`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pulls {
    All,
    ByDigest,
    ByTag,
}

impl RegistryEntry {
    /// All entries of a file. Of several with the same prefix, the first wins.
    pub(crate) fn all(file: &TomlTable) -> Result<Vec<Self>, LineFault> {
        refuse_old_format(file)?;
        let mut entries = Vec::new();
        // The settings of each location so far, and the prefixes seen.
        let (mut locations, mut prefixes) = (BTreeMap::new(), BTreeSet::new());
        for (line, table) in tables(file, "registry")? {
            let entry = Self::new(line, table)?;
            let location = match entry.location.as_str() {
                "" => entry.prefix.clone(),
                location => location.to_owned(),
            };
            let flags = (entry.insecure, entry.blocked);
            let before = *locations.entry(location.clone()).or_insert(flags);
            let key = match flags {
                _ if flags == before => None,
                (insecure, _) if insecure != before.0 => Some("insecure"),
                _ => Some("blocked"),
            };
            if let Some(key) = key {
                return Err((line, RegistriesFault::Conflict { key, location }));
            }
            if prefixes.insert(entry.prefix.clone()) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn new(line: usize, table: &TomlTable) -> Result<Self, LineFault> {
        let location = location(table, "location")?;
        let mut prefix = self::location(table, "prefix")?;
        if prefix.is_empty() {
            prefix.clone_from(&location);
        }
        if prefix.is_empty() {
            return Err((line, RegistriesFault::NoPrefix));
        }
        if let Some(item) = table.get("pull-from-mirror")
            && item.value != TomlValue::Text(String::new())
        {
            return Err((item.line, RegistriesFault::NotForRegistry));
        }
        let by_digest_only = flag(table, "mirror-by-digest-only")?;
        let mirrors = tables(table, "mirror")?;
        let mirrors = mirrors.map(|(line, mirror)| MirrorEntry::new(line, mirror, by_digest_only));
        Ok(Self {
            prefix,
            line,
            location,
            insecure: flag(table, "insecure")?,
            blocked: flag(table, "blocked")?,
            by_digest_only,
            mirrors: mirrors.collect::<Result<_, _>>()?,
        })
    }

    /// The mirrors to try for an image, each as `host/repository`, and whether to accept any
    /// certificate.
    pub(crate) fn mirrors(&self, reference: &Reference) -> impl Iterator<Item = (String, bool)> {
        let is_by_digest = reference.digest().is_some();
        let mirrors = self
            .mirrors
            .iter()
            .filter(move |mirror| match mirror.pulls {
                Pulls::All => is_by_digest || !self.by_digest_only,
                Pulls::ByDigest => is_by_digest,
                Pulls::ByTag => !is_by_digest,
            });
        mirrors.map(move |mirror| (self.moved(reference, &mirror.location), mirror.insecure))
    }

    /// The image's own location, as `host/repository`.
    pub(crate) fn location(&self, reference: &Reference) -> String {
        self.moved(reference, &self.location)
    }

    /// The first location of an image, mirrors included, that is not a valid image name.
    pub(crate) fn misplaced(&self, reference: &Reference) -> Option<String> {
        let mirrors = self.mirrors(reference).map(|(name, _)| name);
        let mut places = mirrors.chain([self.location(reference)]);
        places.find(|place| reference.at(place).is_err())
    }

    /// The image name with its prefix replaced by `location`.
    fn moved(&self, reference: &Reference, location: &str) -> String {
        let name = name_of(reference);
        let end = self.matched(reference).unwrap_or_default();
        match location {
            "" => name,
            // A prefix with a tag or digest covers the whole name.
            _ => format!("{location}{}", name.get(end..).unwrap_or_default()),
        }
    }

    /// How many bytes of the reference the prefix matches. None if it does not match.
    pub(crate) fn matched(&self, reference: &Reference) -> Option<usize> {
        let name = name_of(reference);
        let tagged = reference.tag().map(|tag| format!("{name}:{tag}"));
        let pinned = |named: &String| {
            let digest = reference.digest();
            digest.map(|digest| format!("{named}@{digest}"))
        };
        let forms = [
            pinned(&name),
            tagged.as_ref().and_then(pinned),
            tagged.clone(),
            Some(name.clone()),
        ];
        let mut forms = forms.into_iter().flatten();
        forms.find_map(|form| self.matched_in(&form))
    }

    /// How many bytes of a text the prefix matches. A path, tag or digest must follow, or a port:
    /// containers/image matches `a.io:5000/x` with `a.io`, and an image that is blocked there must
    /// not be pulled here.
    fn matched_in(&self, text: &str) -> Option<usize> {
        let ends = |end: usize| {
            let rest = &text[end..];
            (rest.is_empty() || rest.starts_with(['/', ':', '@'])).then_some(end)
        };
        let Some(domain) = self.prefix.strip_prefix("*.") else {
            return text
                .starts_with(&self.prefix)
                .then_some(self.prefix.len())
                .and_then(ends);
        };
        // `*.example.com` matches any subdomain; a location replaces the whole host.
        let domain = format!(".{domain}");
        let mut found = text.match_indices(&domain);
        found.find_map(|(at, _)| {
            let is_host = at > 0 && !text[..at].contains('/');
            is_host.then_some(at + domain.len()).and_then(ends)
        })
    }
}

impl MirrorEntry {
    fn new(line: usize, table: &TomlTable, by_digest_only: bool) -> Result<Self, LineFault> {
        let location = location(table, "location")?;
        if location.is_empty() {
            return Err((line, RegistriesFault::NoMirrorLocation));
        }
        let pulls = match table.get("pull-from-mirror") {
            None => Pulls::All,
            Some(item) => {
                let fault = |why| Err((item.line, why));
                match text(item, "pull-from-mirror")?.as_str() {
                    "" => Pulls::All,
                    _ if by_digest_only => return fault(RegistriesFault::TwoRestrictions),
                    "all" => Pulls::All,
                    "digest-only" => Pulls::ByDigest,
                    "tag-only" => Pulls::ByTag,
                    other => return fault(RegistriesFault::PullFromMirror(other.to_owned())),
                }
            }
        };
        Ok(Self {
            location,
            insecure: flag(table, "insecure")?,
            pulls,
        })
    }
}

fn name_of(reference: &Reference) -> String {
    format!("{}/{}", reference.registry(), reference.repository())
}

/// Rejects the block list of the format before `[[registry]]`. No tool honours it any more, so
/// ignoring it would pull what it blocks.
fn refuse_old_format(file: &TomlTable) -> Result<(), LineFault> {
    let Some(TomlValue::TomlTable(registries)) = file.get("registries").map(|item| &item.value)
    else {
        return Ok(());
    };
    let Some(TomlValue::TomlTable(block)) = registries.get("block").map(|item| &item.value) else {
        return Ok(());
    };
    match block.get("registries") {
        Some(Item { line, value }) if *value != TomlValue::Array(Vec::new()) => {
            Err((*line, RegistriesFault::OldFormat))
        }
        _ => Ok(()),
    }
}

/// The tables of an array of tables, each with its line.
fn tables<'t>(
    table: &'t TomlTable,
    key: &'static str,
) -> Result<impl Iterator<Item = (usize, &'t TomlTable)>, LineFault> {
    let expected = "an array of tables";
    let wrong = |item: &Item| (item.line, RegistriesFault::Type { key, expected });
    let items = match table.get(key) {
        None => &[][..],
        Some(item) => match &item.value {
            TomlValue::Array(items) => items,
            _ => return Err(wrong(item)),
        },
    };
    let tables = items.iter().map(|item| match &item.value {
        TomlValue::TomlTable(table) => Ok((item.line, table)),
        _ => Err(wrong(item)),
    });
    Ok(tables.collect::<Result<Vec<_>, _>>()?.into_iter())
}

/// `host[:port][/path]`; empty if not set.
fn location(table: &TomlTable, key: &'static str) -> Result<String, LineFault> {
    let Some(item) = table.get(key) else {
        return Ok(String::new());
    };
    let text = text(item, key)?;
    if text.starts_with("http://") || text.starts_with("https://") {
        Err((item.line, RegistriesFault::Scheme(key)))
    } else {
        Ok(text.trim_end_matches('/').to_owned())
    }
}

fn text<'t>(item: &'t Item, key: &'static str) -> Result<&'t String, LineFault> {
    let expected = "a string";
    match &item.value {
        TomlValue::Text(text) => Ok(text),
        _ => Err((item.line, RegistriesFault::Type { key, expected })),
    }
}

fn flag(table: &TomlTable, key: &'static str) -> Result<bool, LineFault> {
    let expected = "true or false";
    match table.get(key).map(|item| (item.line, &item.value)) {
        None => Ok(false),
        Some((_, TomlValue::Flag(flag))) => Ok(*flag),
        Some((line, _)) => Err((line, RegistriesFault::Type { key, expected })),
    }
}
