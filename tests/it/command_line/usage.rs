//! Command lines that cannot be understood, and the help for them.

use crate::support::{Registry, Sandbox, help};

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
            &["--help", "pull"],
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
        (
            &["help", "version"],
            "roots - turn a container image into a root folder",
        ),
        (
            &["version", "-h"],
            "roots - turn a container image into a root folder",
        ),
        (
            &["help", "save"],
            "Usage: roots save [OPTION]... IMAGE... -o FILE",
        ),
        (
            &["inspect", "-h"],
            "Usage: roots inspect [OPTION]... DEST or IMAGE",
        ),
        (
            &["help", "verify"],
            "Usage: roots verify [OPTION]... DEST [IMAGE]",
        ),
        (&["help", "tags"], "Usage: roots tags [OPTION]... NAME"),
        (&["tags", "-h"], "Usage: roots tags [OPTION]... NAME"),
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

/// The page is the grammar, and the code behind it agrees: what has a value there wants one, and what has none takes none.
#[test]
fn every_option_is_taken_as_its_help_page_has_it() {
    let sandbox = Sandbox::new("every_option");
    for page in help::pages() {
        let hint = format!("hint: see `roots help {}`\n", page.command);
        for option in &page.options {
            for name in option.short.iter().chain([&option.long]) {
                // Not understood before anything is done: nothing is behind it, or something that may not be.
                let (typed, said) = match &option.value {
                    Some(_) => (name.clone(), "its value is missing"),
                    None => (format!("{name}=x"), "takes no value"),
                };
                let operands = ["image", "dest"];
                let run = sandbox.roots([&page.command]).args(operands).arg(typed);
                let run = run.run().fails(2);
                let said = format!("roots: {}: {said}\n{hint}", option.long);
                let short = said.replace(&option.long, name);
                let is_said = run.stderr == said || run.stderr == short;
                assert!(is_said, "{} {name}: {}", page.command, run.stderr);
            }
        }
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

/// No option is read that no page has: the code names those of the pages.
#[test]
fn the_code_reads_the_options_of_the_help_pages() {
    let syntax = crate::project::readme::read("src/cli/args.rs");
    let (_, reading) = syntax.split_once("match option {").unwrap();
    let (reading, _) = reading.split_once("args.help = true").unwrap();
    let arms = reading.split('"').filter(|word| word.starts_with("--"));
    let mut read: Vec<_> = arms.chain(["--help"]).map(str::to_owned).collect();
    let pages = help::pages().into_iter();
    let mut helped: Vec<_> = pages
        .flat_map(|page| page.options)
        .map(|option| option.long)
        .collect();
    for options in [&mut read, &mut helped] {
        options.sort_unstable();
        options.dedup();
    }
    assert_eq!(read, helped);
}

#[test]
fn what_is_not_understood_is_told_from_what_was_meant() {
    let sandbox = Sandbox::new("what_is_not_understood");
    let registry = Registry::start();
    let (see, image) = ("see `roots help", registry.image("a:1"));
    let image = image.as_str();
    for (arguments, why, hint) in [
        (
            &["--version=1"][..],
            "--version: takes no value",
            "see `roots help`".into(),
        ),
        (
            &["version", "--jsn"],
            "version: no such option: --jsn",
            format!("{see} version`"),
        ),
        (
            &["version", "image"],
            "version: unexpected operand: image",
            format!("{see} version`"),
        ),
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
        (
            &["Pull", "x"],
            "Pull: no such command",
            "did you mean `roots pull`?".into(),
        ),
        (
            &["ins", "x"],
            "ins: no such command",
            "did you mean `roots inspect`?".into(),
        ),
        (
            &["extract"],
            "extract: no such command",
            "did you mean `roots pull`?".into(),
        ),
        (
            &["--verson"],
            "--verson: no such command",
            "did you mean `roots --version`?".into(),
        ),
        (
            &["-v"],
            "-v: no such command",
            "did you mean `roots -V`?".into(),
        ),
        (&["compose"], "compose: no such command", format!("{see}`")),
        (
            &["run", "debian"],
            "run: no such command",
            "roots does not start anything: pull an image, then `systemd-nspawn -D DEST`".into(),
        ),
        (
            &["debian:bookworm", "./x"],
            "debian:bookworm: no such command",
            "did you mean `roots pull debian:bookworm DEST`?".into(),
        ),
        (
            &["\u{1b}[2J"],
            "\\u{1b}[2J: no such command",
            format!("{see}`"),
        ),
        (
            &["--platform", "x"],
            "--platform: no such command",
            "a command comes first: see `roots help`".into(),
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
            "--index is an option of `roots digest`".into(),
        ),
        (
            &["digest", "--force", image],
            "digest: no such option: --force",
            "--force is an option of `roots pull`".into(),
        ),
        (
            &["purge", "--arch=x"],
            "purge: no such option: --arch",
            "--arch is an option of `roots pull`".into(),
        ),
        (
            &["pull", "--platf=x", image, "dest"],
            "pull: no such option: --platf",
            "did you mean --platform?".into(),
        ),
        (
            &["pull", "-platform=x", image, "dest"],
            "pull: no such option: -platform",
            "did you mean --platform?".into(),
        ),
        // It begins with what could be options of one letter.
        (
            &["pull", image, "dest", "-froce"],
            "pull: no such option: -froce",
            "did you mean --force?".into(),
        ),
        (
            &["pull", "-fx", image, "dest"],
            "pull: no such option: -x",
            format!("{see} pull`"),
        ),
        (
            &["pull", "--no-cache", image, "dest"],
            "pull: no such option: --no-cache",
            "did you mean --cache=no?".into(),
        ),
        (
            &["pull", "-o", "x", image],
            "pull: no such option: -o",
            "give the folder after IMAGE without an option: roots pull IMAGE DEST".into(),
        ),
        (&["pull"], "pull: IMAGE is missing", format!("{see} pull`")),
        (
            &["pull", image],
            "pull: DEST is missing",
            format!("name a folder for it: roots pull {image} ./a"),
        ),
        (
            &["pull", image, "a", "b"],
            "pull: unexpected operand: b",
            format!("{see} pull`"),
        ),
        (
            &["digest"],
            "digest: IMAGE is missing",
            format!("{see} digest`"),
        ),
        (
            &["purge", "cache"],
            "purge: unexpected operand: cache",
            format!("{see} purge`"),
        ),
        (
            &["pull", image, "dest", "--arch"],
            "--arch: its value is missing",
            format!("{see} pull`"),
        ),
        (
            &["pull", image, "dest", "--cache"],
            "--cache: its value is missing",
            format!("{see} pull`"),
        ),
        (
            &["pull", image, "dest", "--force=yes"],
            "--force: takes no value",
            format!("{see} pull`"),
        ),
        (
            &["inspect", ""],
            "inspect: DEST or IMAGE is missing",
            format!("{see} inspect`"),
        ),
        (
            &["verify", "", image],
            "verify: DEST is missing",
            format!("{see} verify`"),
        ),
        // Each command says what itself takes.
        (
            &["digest", "--timeout=soon", image],
            "--timeout: not a time like 30, 30s or 2m",
            format!("{see} digest`"),
        ),
        (
            &["save", image],
            "save: -o FILE is missing, or -o - for standard output",
            format!("{see} save`"),
        ),
        (
            &["purge", "--older-than=x"],
            "--older-than: not an age like 12h, 30d or 8w",
            format!("{see} purge`"),
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
fn roots_alone_lists_the_commands() {
    let run = Sandbox::new("roots_alone").roots([""; 0]).run().fails(2);
    let said = "roots: no command given\nhint: see `roots help`\n\nCommands:\n  pull IMAGE DEST ";
    assert!(run.stderr.starts_with(said), "{}", run.stderr);
    for page in help::pages() {
        let line = format!("\n  {}", page.command);
        assert!(run.stderr.contains(&line), "{}", page.command);
    }
    assert!(run.stderr.ends_with("print help\n"), "{}", run.stderr);
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
