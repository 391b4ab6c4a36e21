//! The completions in fixtures/completions are what the help pages make, and the shells offer what these say.

use crate::project::readme::{read, root};
use crate::support::{Ability, help};
use shells::{Session, Shell};
use std::fs;

mod bash;
mod fish;
mod shells;
mod values;
mod zsh;

#[test]
fn fixtures_hold_the_completions() {
    let (commands, pages) = (help::commands(), help::pages());
    for (shell, built) in [
        (Shell::Bash, bash::script(&commands, &pages)),
        (Shell::Zsh, zsh::script(&commands, &pages)),
        (Shell::Fish, fish::script(&commands, &pages)),
    ] {
        if std::env::var_os("ROOTS_BLESS").is_some_and(|bless| bless == "1") {
            fs::create_dir_all(root().join("fixtures/completions")).unwrap();
            fs::write(shell.script(), &built).unwrap();
        }
        let committed = read(&format!("fixtures/completions/{}", shell.file()));
        assert!(
            committed == built,
            "{shell:?}: `make fixtures` writes it again"
        );
    }
}

/// Also where no shell is installed: each option is in the part of each file that is for its command.
#[test]
fn every_option_is_in_every_file() {
    let [bash, zsh, fish] = [Shell::Bash, Shell::Zsh, Shell::Fish].map(|shell| {
        let script = fs::read_to_string(shell.script()).unwrap();
        let marks = ["@COMMANDS@", "@FORMS@", "@TAKES@", "@VALUES@", "@VALUED@"];
        assert!(!marks.iter().any(|mark| script.contains(mark)), "{shell:?}");
        script
    });
    for page in help::pages() {
        let arm = |script: &str| {
            let (_, arm) = script
                .split_once(&format!("\n        {})\n", page.command))
                .unwrap();
            arm.split_once(";;").unwrap().0.to_owned()
        };
        let words = |text: &str| {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let (bash, zsh) = (words(&arm(&bash)), words(&arm(&zsh)));
        let at = format!("'__roots_at {}", page.command);
        let fish: Vec<_> = fish
            .lines()
            .filter(|line| line.contains(&at))
            .map(words)
            .collect();
        for option in &page.options {
            for name in option.short.iter().chain([&option.long]) {
                let place = format!("{} {name}", page.command);
                assert!(bash.contains(name), "{place} for bash");
                assert!(zsh.contains(name), "{place} for zsh");
                let (flag, bare) = match name.strip_prefix("--") {
                    Some(long) => ("-l", long),
                    None => ("-s", &name[1..]),
                };
                let is_there = fish
                    .iter()
                    .any(|line| line.windows(2).any(|pair| pair == [flag, bare]));
                assert!(is_there, "{place} for fish");
            }
        }
    }
}

#[test]
fn bash_offers_what_there_is() {
    if !Ability::Bash.is_missing() {
        offers_what_there_is(Shell::Bash);
    }
}

#[test]
fn zsh_offers_what_there_is() {
    if !Ability::Zsh.is_missing() {
        offers_what_there_is(Shell::Zsh);
    }
}

#[test]
fn fish_offers_what_there_is() {
    if !Ability::Fish.is_missing() {
        offers_what_there_is(Shell::Fish);
    }
}

fn offers_what_there_is(shell: Shell) {
    let shell = &Session::new(shell);
    assert!(shell.parses());
    commands_and_options(shell);
    options_once(shell);
    values(shell);
    operands(shell);
}

fn commands_and_options(shell: &Session) {
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    let commands = sorted(help::commands().into_iter().map(|(name, _)| name).collect());
    assert_eq!(shell.offers("roots "), commands, "{shell:?}");
    assert_eq!(shell.offers("roots help "), commands, "{shell:?}");
    assert_eq!(shell.offers("roots pu"), ["pull", "purge"], "{shell:?}");
    assert_eq!(shell.offers("roots version --j"), ["--json"], "{shell:?}");
    for page in help::pages() {
        let names = page
            .options
            .iter()
            .map(|option| option.long.clone())
            .collect();
        let line = format!("roots {} --", page.command);
        assert_eq!(shell.offers(&line), sorted(names), "{shell:?} {line}");
        let shorts = page
            .options
            .iter()
            .filter_map(|option| option.short.clone());
        let offered = shell.offers(&format!("roots {} -", page.command));
        for short in shorts {
            assert!(
                offered.contains(&short),
                "{shell:?} {} {short}",
                page.command
            );
        }
    }
}

fn options_once(shell: &Session) {
    for typed in ["--force", "-f", "-qf", "x --force"] {
        let offered = shell.offers(&format!("roots pull {typed} --fo"));
        // fish takes letters together for one word.
        let is_known = shell.shell != Shell::Fish || typed != "-qf";
        assert_eq!(
            offered.is_empty(),
            is_known,
            "{shell:?} {typed}: {offered:?}"
        );
    }
    for line in [
        "roots pull --mirror a --mirr",
        "roots pull --mirror=a --mirr",
    ] {
        assert_eq!(shell.offers(line), ["--mirror"], "{shell:?} {line}");
    }
    let platforms = [
        "roots pull --platform a --platf",
        "roots save --platform a --platf",
    ];
    assert_eq!(shell.offers(platforms[0]), [""; 0], "{shell:?}");
    assert_eq!(shell.offers(platforms[1]), ["--platform"], "{shell:?}");
}

fn values(shell: &Session) {
    assert_eq!(
        shell.offers("roots pull --platform linux/arm"),
        ["linux/arm/v6", "linux/arm/v7", "linux/arm64"],
        "{shell:?}"
    );
    let behind_equals = shell.offers("roots pull --arch=s3");
    let ends = |word: &String| word.ends_with("s390x");
    assert!(
        behind_equals.len() == 1 && behind_equals.iter().all(ends),
        "{behind_equals:?}"
    );
    let cache = shell.offers("roots purge --cache ");
    assert!(cache.contains(&"no".to_owned()), "{shell:?} {cache:?}");
    for line in [
        "roots purge --cache ",
        "roots purge --cache=",
        "roots purge --cache=f",
    ] {
        offers_folders(shell, line);
        let offered = shell.offers(line);
        let is_doubled = |word: &String| word.matches("--cache").count() > 1;
        assert!(!offered.iter().any(is_doubled), "{shell:?} {offered:?}");
    }
    offers_files(shell, "roots pull --ca-file ");
    offers_files(shell, "roots save -o ");
    assert_eq!(shell.offers("roots pull --include "), [""; 0], "{shell:?}");
    assert_eq!(shell.offers("roots pull --timeout "), [""; 0], "{shell:?}");
}

fn operands(shell: &Session) {
    let forms = ["docker-archive:", "oci-archive:", "oci:"].map(str::to_owned);
    for line in [
        "roots pull ",
        "roots pull --arch s390x -q ",
        "roots save a ",
        "roots verify a ",
    ] {
        let offered = shell.offers(line);
        assert!(
            forms.iter().all(|form| offered.contains(form)),
            "{shell:?} {line}: {offered:?}"
        );
    }
    // A bare word is a name in a registry, whatever is called so here.
    for line in [
        "roots pull ",
        "roots pull f",
        "roots save a ",
        "roots verify a f",
    ] {
        let offered = shell.offers(line);
        assert!(!names(&offered, "file"), "{shell:?} {line}: {offered:?}");
        assert!(
            !offered.contains(&"<default>".to_owned()),
            "{shell:?} {line}"
        );
    }
    offers_names(shell);
    offers_files(shell, "roots pull ./f");
    offers_files(shell, "roots pull oci-archive:f");
    offers_files(shell, "roots pull \"./f");
    for line in [
        "roots pull a ",
        "roots pull --force a:1 ",
        "roots verify ",
        "roots pull -q -- a ",
    ] {
        let offered = shell.offers(line);
        assert!(
            !forms.iter().any(|form| offered.contains(form)),
            "{shell:?} {line}: {offered:?}"
        );
        offers_folders(shell, line);
    }
    // All that can be named has been.
    assert!(
        !shell
            .offers("roots pull a b ")
            .contains(&"folder".to_owned()),
        "{shell:?}"
    );
}

/// bash replaces only what is behind the last colon, and so has the names alone.
fn offers_names(shell: &Session) {
    for (typed, wanted) in [
        ("oci:layout:", &["1", "edge"][..]),
        ("oci:./layout:e", &["edge"]),
        ("./layout:", &["1", "edge"]),
        ("oci:layout:x", &[]),
    ] {
        let place = typed.rsplit_once(':').unwrap().0;
        let wanted = wanted.iter().map(|name| match shell.shell {
            Shell::Bash => (*name).to_owned(),
            _ => format!("{place}:{name}"),
        });
        let offered = shell.offers(&format!("roots pull {typed}"));
        let offered: Vec<_> = offered
            .iter()
            .filter(|word| !word.starts_with('<'))
            .collect();
        assert!(
            offered.into_iter().eq(&wanted.collect::<Vec<_>>()),
            "{shell:?} {typed}"
        );
    }
    offers_files(shell, "roots pull oci:f");
}

/// bash does files by itself when it is told to.
fn offers_files(shell: &Session, line: &str) {
    let offered = shell.offers(line);
    let is_there = match shell.shell {
        Shell::Bash => offered.contains(&"<default>".to_owned()),
        _ => names(&offered, "file") && names(&offered, "folder"),
    };
    assert!(is_there, "{shell:?} {line}: {offered:?}");
}

fn offers_folders(shell: &Session, line: &str) {
    let offered = shell.offers(line);
    let is_there = match shell.shell {
        Shell::Bash => offered
            .iter()
            .any(|word| word == "<dirnames>" || word == "<plusdirs>"),
        _ => names(&offered, "folder") && !names(&offered, "file"),
    };
    assert!(is_there, "{shell:?} {line}: {offered:?}");
}

fn names(offered: &[String], name: &str) -> bool {
    offered
        .iter()
        .any(|word| word.trim_end_matches('/').ends_with(name))
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_completions() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        offers_what_there_is(shell);
    }
}
