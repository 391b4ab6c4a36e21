//! Command lines that cannot be understood, and the help for them.

use crate::support::{Registry, Sandbox};

#[test]
fn help_is_there_wherever_it_is_looked_for() {
    let sandbox = Sandbox::new("help");
    for (arguments, first_line) in [
        (
            &["help"][..],
            "roots - turn a container image into a root folder",
        ),
        (
            &["--help"],
            "roots - turn a container image into a root folder",
        ),
        (&["-h"], "roots - turn a container image into a root folder"),
        (
            &["help", "help"],
            "roots - turn a container image into a root folder",
        ),
        (
            &["help", "pull"],
            "Usage: roots pull [OPTION]... IMAGE DEST",
        ),
        (
            &["pull", "--help"],
            "Usage: roots pull [OPTION]... IMAGE DEST",
        ),
        (&["pull", "-h"], "Usage: roots pull [OPTION]... IMAGE DEST"),
        (
            &["pull", "not an image", "-h", "x", "y"],
            "Usage: roots pull [OPTION]... IMAGE DEST",
        ),
        (
            &["help", "digest"],
            "Usage: roots digest [OPTION]... IMAGE...",
        ),
        (
            &["digest", "--help"],
            "Usage: roots digest [OPTION]... IMAGE...",
        ),
        (&["help", "purge"], "Usage: roots purge [OPTION]..."),
        (&["purge", "--help"], "Usage: roots purge [OPTION]..."),
    ] {
        let run = sandbox.roots(arguments).run().succeeds();
        assert_eq!(run.stdout.lines().next(), Some(first_line), "{arguments:?}");
        assert_eq!(run.stderr, "");
        assert!(
            run.stdout.lines().all(|line| line.chars().count() <= 80),
            "fits a terminal"
        );
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn every_option_is_on_its_help_page_and_taken() {
    let sandbox = Sandbox::new("every_option");
    for (command, operands) in [
        ("pull", &["IMAGE", "DEST"][..]),
        ("digest", &["IMAGE"]),
        ("purge", &[]),
    ] {
        let page = sandbox.roots(["help", command]).run().succeeds().stdout;
        let options = page
            .split_whitespace()
            .filter(|word| word.starts_with("--"));
        let mut options: Vec<_> = options
            .map(|word| word.trim_matches([',', '.', '`']))
            .collect();
        options.sort_unstable();
        options.dedup();
        assert!(options.contains(&"--help"), "{options:?}");
        // An upper-case image is no image: if that is what is said, the options were taken.
        for option in options.into_iter().filter(|option| *option != "--help") {
            let run = sandbox
                .roots([command])
                .args(operands)
                .arg(option)
                .arg("--help")
                .run();
            assert!(
                !run.stderr.contains("no such option"),
                "{command} {option}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn what_is_not_understood_is_told_from_what_was_meant() {
    let sandbox = Sandbox::new("what_is_not_understood");
    let registry = Registry::start();
    let (see, image) = ("see `roots help", registry.image("a:1"));
    let image = image.as_str();
    for (arguments, why, hint) in [
        (&[][..], "no command given", format!("{see}`")),
        (
            &["pul"],
            "pul: no such command",
            "did you mean `roots pull`?".into(),
        ),
        (
            &["digset", "x"],
            "digset: no such command",
            "did you mean `roots digest`?".into(),
        ),
        (
            &["help", "prge"],
            "prge: no such command",
            "did you mean `roots purge`?".into(),
        ),
        (&["extract"], "extract: no such command", format!("{see}`")),
        (
            &["\u{1b}[2J"],
            "\\u{1b}[2J: no such command",
            format!("{see}`"),
        ),
        (
            &["--platform", "x"],
            "--platform: no such command",
            format!("{see}`"),
        ),
        (
            &["pull", "--forse", image, "dest"],
            "pull: no such option: --forse",
            "did you mean --force?".into(),
        ),
        (
            &["pull", "--plattform=x", image, "dest"],
            "pull: no such option: --plattform",
            "did you mean --platform?".into(),
        ),
        (
            &["pull", "-x", image, "dest"],
            "pull: no such option: -x",
            format!("{see} pull`"),
        ),
        (
            &["pull", "--index", image, "dest"],
            "pull: no such option: --index",
            format!("{see} pull`"),
        ),
        (
            &["digest", "--force", image],
            "digest: no such option: --force",
            format!("{see} digest`"),
        ),
        (
            &["purge", "--arch=x"],
            "purge: no such option: --arch",
            format!("{see} purge`"),
        ),
        (&["pull"], "pull: IMAGE is missing", format!("{see} pull`")),
        (
            &["pull", image],
            "pull: DEST is missing",
            format!("name a folder for it: roots pull {image} ./a"),
        ),
        (
            &["pull", image, "a", "b"],
            "pull: one operand too many: b",
            format!("{see} pull`"),
        ),
        (
            &["digest"],
            "digest: IMAGE is missing",
            format!("{see} digest`"),
        ),
        (
            &["purge", "cache"],
            "purge: one operand too many: cache",
            format!("{see} purge`"),
        ),
        (
            &["pull", image, "dest", "--arch"],
            "--arch: its value is missing",
            format!("{see}`"),
        ),
        (
            &["pull", image, "dest", "--cache"],
            "--cache: its value is missing",
            format!("{see}`"),
        ),
        (
            &["pull", image, "dest", "--force=yes"],
            "--force: takes no value",
            format!("{see}`"),
        ),
    ] {
        let run = sandbox.roots(arguments).run().fails(2);
        assert_eq!(
            run.stderr,
            format!("roots: {why}\nhint: {hint}\n"),
            "{arguments:?}"
        );
    }
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn the_help_page_lists_the_codes() {
    let page = Sandbox::new("codes")
        .roots(["help"])
        .run()
        .succeeds()
        .stdout;
    let codes = "Exit codes: 0 done, 1 other failure, 2 usage, 3 not found, 4 access denied,\n\
                 5 verification failed or malformed image, 6 destination or disk, 10 unchanged,\n\
                 75 try again.\n";
    assert!(page.contains(codes), "{page}");
}
