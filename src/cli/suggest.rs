//! Suggests a correction for a misspelt word.

use super::grammar::SYNTAXES;
use crate::error::{Error, UsageError};

/// First arguments without a help page of their own.
pub(super) const OTHERS: [&str; 5] = ["version", "help", "--version", "--help", "-V"];

/// The words of other tools, and the words of roots.
const SYNONYMS: &str = "extract=pull unpack=pull fetch=pull download=pull get=pull \
    info=inspect show=inspect check=verify diff=verify clean=purge prune=purge gc=purge \
    list-tags=tags \
    --no-cache=--cache=no --cache-dir=--cache --cachedir=--cache --cache_path=--cache \
    --creds=--auth --src-creds=--auth --credentials=--auth \
    --insecure-skip-tls-verify=--insecure --insecure-skip-verify=--insecure --skip-tls-verify=--insecure \
    --no-check-certificate=--insecure --no-verify-ssl=--insecure -k=--insecure \
    --http=--plain-http --use-http=--plain-http --allow-http=--plain-http \
    --cacert=--ca-file --ca-certificate=--ca-file --tlscacert=--ca-file --cafile=--ca-file \
    --retry=--retries --retry-times=--retries --max-retries=--retries --tries=--retries \
    --max-concurrent-downloads=--connections --image-parallel-copies=--connections --jobs=--connections \
    -j=--connections --connect-timeout=--timeout --max-time=--timeout --command-timeout=--timeout \
    --override-arch=--arch --override-os=--os --override-platform=--platform \
    --all-arches=--all-platforms --multi-arch=--all-platforms -a=--all-platforms -a=--all -o=--output \
    --debug=--verbose -d=--verbose --log-level=--verbose --trace=--verbose --no-progress=--quiet -s=--quiet \
    --overwrite=--force --replace=--force --silent=--quiet --no-same-owner=--strip-owner \
    --uid-map=--uid-shift --gid-map=--uid-shift --filter=--older-than --until=--older-than";

/// The known word that was probably meant: the only one that begins with `typed`, or the synonym of another
/// tool, or the nearest one with at most two typing errors, in less than half of its letters.
pub(super) fn closest(typed: &str, known: &[&'static str]) -> Option<&'static str> {
    let typed = typed.to_ascii_lowercase();
    let letters = typed.trim_start_matches('-').chars().count();
    let mut longer = known.iter().filter(|word| word.starts_with(&typed));
    if let (Some(word), None, 2..) = (longer.next(), longer.next(), letters) {
        return Some(*word);
    }
    let mut synonyms = SYNONYMS.split(' ').filter_map(|pair| pair.split_once('='));
    let is_known = |ours: &str| {
        known
            .iter()
            .any(|word| ours.split('=').next() == Some(*word))
    };
    let called = synonyms
        .find(|(theirs, ours)| *theirs == typed && is_known(ours))
        .map(|(_, ours)| ours);
    let near = known
        .iter()
        .map(|word| (slips(&typed, &word.to_ascii_lowercase()), *word))
        .filter(|(slips, _)| *slips <= 2 && slips * 2 <= letters);
    let nearest = || near.min().map(|(_, word)| word);
    called.or_else(nearest)
}

/// The edit distance: letters added, removed, changed, or swapped with the next one.
fn slips(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for from in a.chars() {
        let mut next = vec![row[0] + 1];
        for (j, &to) in b.iter().enumerate() {
            let changed = row[j] + usize::from(from != to);
            let mut least = changed.min(row[j + 1] + 1).min(next[j] + 1);
            if j > 0 && last == Some(to) && b[j - 1] == from {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(from);
    }
    row[b.len()]
}

pub(super) fn unknown_command(typed: String) -> Error {
    let commands = SYNTAXES.iter().map(|syntax| syntax.command);
    let known: Vec<_> = commands.chain(OTHERS).collect();
    let meant = closest(&typed, &known);
    UsageError::UnknownCommand { typed, meant }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_slips_are_near_enough() {
        let of = |typed| closest(typed, &["pull", "digest", "purge", "--os", "--force", "-V"]);
        for (typed, meant) in [
            ("pul", "pull"),
            ("plul", "pull"),
            ("PULL", "pull"),
            ("digset", "digest"),
            ("dgiset", "digest"),
            ("idgset", "digest"),
            ("--so", "--os"),
            ("--froce", "--force"),
            ("--forece", "--force"),
            ("-v", "-V"),
        ] {
            assert_eq!(of(typed), Some(meant), "{typed}");
        }
        for typed in ["", "-", "-x", "--x", "zz", "igdets", "compose"] {
            assert_eq!(of(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_beginning_is_enough_if_it_is_of_one_word() {
        let known = ["--platform", "--plain-http", "--lock", "--locked", "-x"];
        let of = |typed| closest(typed, &known);
        assert_eq!(of("--platf"), Some("--platform"));
        assert_eq!(of("--pla"), None);
        assert_eq!(of("--loc"), Some("--lock"));
        assert_eq!(of("-"), None);
    }

    #[test]
    fn words_of_other_tools_are_known_where_there_is_such_a_thing() {
        assert_eq!(closest("extract", &["pull", "save"]), Some("pull"));
        assert_eq!(
            closest("--no-cache", &["--cache", "--force"]),
            Some("--cache=no")
        );
        assert_eq!(closest("--no-cache", &["--force"]), None);
    }
}
