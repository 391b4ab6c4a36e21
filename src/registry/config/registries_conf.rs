//! containers-registries.conf(5): mirrors, locations and blocked registries.
//!
//! ```text
//! $CONTAINERS_REGISTRIES_CONF                             only this file; otherwise
//! ~/.config/containers/registries.conf  + .conf.d/        replaces the system's; otherwise
//! /etc/containers/registries.conf       + .conf.d/        plus the user's .conf.d/
//! ```

use super::registry_entry::RegistryEntry;
use super::toml::{SyntaxError, parse};
use crate::error::{ConfigurationFault, Error, RegistriesFault};
use crate::oci::Reference;
use crate::sys::{config_home, read_file, variable};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The entry for `reference` with the longest prefix in the files that apply to this user, if any.
pub(crate) fn entry_for(reference: &Reference) -> Result<Option<RegistryEntry>, Error> {
    let (files, named) = files();
    let mut found: Option<(PathBuf, RegistryEntry)> = None;
    for path in files {
        let Some(entry) = longest(read(&path, named)?, reference) else {
            continue;
        };
        // For equal prefixes, the later file wins.
        let is_shorter = |other: &RegistryEntry| entry.prefix.len() < other.prefix.len();
        if !found.as_ref().is_some_and(|(_, other)| is_shorter(other)) {
            found = Some((path, entry));
        }
    }
    let Some((path, entry)) = found else {
        return Ok(None);
    };
    match entry.misplaced(reference) {
        Some(name) => {
            let why = ConfigurationFault::Line(entry.line, RegistriesFault::Location(name));
            Err(why.at(path))
        }
        None => Ok(Some(entry)),
    }
}

/// The matching entry with the longest prefix; the last of several.
fn longest(
    entries: impl IntoIterator<Item = RegistryEntry>,
    reference: &Reference,
) -> Option<RegistryEntry> {
    let matching = entries
        .into_iter()
        .filter(|entry| entry.matched(reference).is_some());
    matching.max_by_key(|entry| entry.prefix.len())
}

/// The files in reading order, a main file and its drop-ins; and whether the user named them, so
/// that they must exist.
fn files() -> (Vec<PathBuf>, bool) {
    if let Some(path) = variable("CONTAINERS_REGISTRIES_CONF") {
        return (vec![path.into()], true);
    }
    let own = config_home().map(|config| config.join("containers/registries.conf"));
    // The user's own file replaces the system's, including its drop-ins; without it, the user's
    // drop-ins add to the system's.
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

/// The drop-ins in the directory beside a file, sorted.
fn drop_ins(file: &Path) -> Vec<PathBuf> {
    let mut folder = file.as_os_str().to_owned();
    folder.push(".d");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let extension = path.extension();
            extension.is_some_and(|extension| extension == "conf") && !path.is_dir()
        })
        .collect();
    files.sort();
    files
}

fn read(path: &Path, named: bool) -> Result<Vec<RegistryEntry>, Error> {
    let unreadable = |source| ConfigurationFault::Unreadable(source).at(path);
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && !named => return Ok(Vec::new()),
        Err(e) => return Err(unreadable(e)),
        Ok(found) if found.len() > MAX_FILE => {
            return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
        }
        Ok(_) => {}
    }
    let text = read_file(path, MAX_FILE).map_err(unreadable)?;
    let entries = match std::str::from_utf8(&text) {
        Ok(text) => entries(text),
        Err(e) => {
            let before = text.iter().take(e.valid_up_to());
            let line = 1 + before.filter(|&&b| b == b'\n').count();
            Err((line, RegistriesFault::Syntax("invalid UTF-8".to_owned())))
        }
    };
    entries.map_err(|(line, why)| ConfigurationFault::Line(line, why).at(path))
}

/// The entries of a text, or the line with the error.
fn entries(text: &str) -> Result<Vec<RegistryEntry>, (usize, RegistriesFault)> {
    let syntax = |SyntaxError { line, reason }| (line, RegistriesFault::Syntax(reason));
    RegistryEntry::all(&parse(text).map_err(syntax)?)
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
    fn a_port_may_follow_what_matches_a_host() {
        let conf = r#"
[[registry]]
prefix = "*.evil.com"
blocked = true
[[registry]]
location = "plain.io"
blocked = true
[[registry]]
prefix = "*.corp.io/team"
location = "m.io/t"
[[registry]]
prefix = "*.moved.io"
location = "m.io"
"#;
        let found = |image: &str| {
            let reference = Reference::parse(image).unwrap();
            longest(entries(conf).unwrap(), &reference)
        };
        let pinned = format!("a.b.evil.com:5000/y@sha256:{}", "0".repeat(64));
        for (image, is_blocked) in [
            ("x.evil.com/y", true),
            ("x.evil.com:5000/y", true),
            (&pinned, true),
            ("x.evil.com.evil.com/y", true),
            ("evil.com:5000/y", false),
            ("x.evil.company/y", false),
            ("good.io/x.evil.com/y", false),
            ("plain.io:5000/y", true),
            ("plain.io/y:1", true),
            ("plain.ios/y", false),
        ] {
            let entry = found(image);
            let blocked = entry.is_some_and(|entry| entry.blocked);
            assert_eq!(blocked, is_blocked, "{image}");
        }
        assert_eq!(places(conf, "a.corp.io/team/x:1"), ["m.io/t/x"]);
        assert_eq!(places(conf, "a.corp.io/teams/x"), [""; 0]);
        assert_eq!(places(conf, "a.moved.io:5000/x"), ["m.io:5000/x"]);
    }

    #[test]
    fn every_way_to_write_a_mirror_in_toml_is_read() {
        for conf in [
            "[[registry]]\nlocation = 'a.io'\n[[registry.mirror]]\nlocation = 'b.io'\n",
            "[[registry]]\nlocation = 'a.io'\nmirror = [{location = 'b.io'}]\n",
            "[[registry]]\nlocation = 'a.io'\nmirror = [\n { location = \"b.io\" }, # near\n]\n",
            "registry = [{location = 'a.io', mirror = [{location = 'b.io'}]}]",
            "registry = [{location = 'a.io', mirror = [{location = '''b.io'''}]}]",
            "\"registry\" = [{prefix = \"a.i\\u006f\", location = 'a.io', 'mirror' = [{location = 'b.io'}]}]",
            "[[ registry ]]\r\nLocation = 'a.io/'\r\n[[ registry . mirror ]]\r\nlocation = 'b.io'\r\n",
            "x = 1979-05-27T07:32:00Z\ny = 0x1F\nz.a.b = inf\n[[registry]]\nlocation='a.io'\nmirror=[{location='b.io'}]",
        ] {
            assert_eq!(places(conf, "a.io/x"), ["b.io/x", "a.io/x"], "{conf}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        let registry = "[[registry]]\nlocation = 'a.io'\n";
        let mirror = format!("{registry}[[registry.mirror]]\n");
        let by_digest =
            mirror.replace("[[registry.m", "mirror-by-digest-only = true\n[[registry.m");
        let twice = |key: &str| format!("{registry}{key} = true\n\n{registry}prefix = 'b.io'\n");
        let conflict = |key| {
            let location = "a.io".to_owned();
            RegistriesFault::Conflict { key, location }
        };
        let wrong = |key, expected| RegistriesFault::Type { key, expected };
        let other = RegistriesFault::PullFromMirror("digests".to_owned());
        for (conf, line, fault) in [
            (
                "[[registry]]\n\nlocation = true\n",
                3,
                wrong("location", "a string"),
            ),
            (
                &format!("{registry}blocked = 'yes'\n"),
                3,
                wrong("blocked", "true or false"),
            ),
            (
                "[registry]\nlocation = 'a'\n",
                1,
                wrong("registry", "an array of tables"),
            ),
            (
                &format!("{registry}mirror = ['b.io']\n"),
                3,
                wrong("mirror", "an array of tables"),
            ),
            (
                "x = 1\n[[registry]]\nblocked = true\n",
                2,
                RegistriesFault::NoPrefix,
            ),
            (
                &format!("{mirror}insecure = true\n"),
                3,
                RegistriesFault::NoMirrorLocation,
            ),
            (
                "[[registry]]\nprefix = 'http://a.io'\n",
                2,
                RegistriesFault::Scheme("prefix"),
            ),
            (
                &format!("{mirror}location = 'https://b.io'\n"),
                4,
                RegistriesFault::Scheme("location"),
            ),
            (
                &format!("{registry}pull-from-mirror = 'all'\n"),
                3,
                RegistriesFault::NotForRegistry,
            ),
            (
                &format!("{mirror}location = 'b.io'\npull-from-mirror = 'digests'\n"),
                5,
                other,
            ),
            (
                &format!("{by_digest}location = 'b.io'\npull-from-mirror = 'tag-only'\n"),
                6,
                RegistriesFault::TwoRestrictions,
            ),
            (&twice("insecure"), 5, conflict("insecure")),
            (&twice("blocked"), 5, conflict("blocked")),
            (
                "[registries.block]\nregistries = ['a.io']\n",
                2,
                RegistriesFault::OldFormat,
            ),
        ] {
            assert_eq!(entries(conf), Err((line, fault)), "{conf}");
        }
        let old = "[registries.search]\nregistries = ['a']\n[registries.block]\nregistries = []\n";
        assert_eq!(entries(old), Ok(Vec::new()));
        // Of two entries with the same prefix in a file, the first wins, as in containers/image.
        let entry = |location| format!("[[registry]]\nprefix = 'a.io'\nlocation = '{location}'\n");
        let twice = entry("b.io") + &entry("c.io");
        assert_eq!(places(&twice, "a.io/x"), ["b.io/x"]);
    }
}
