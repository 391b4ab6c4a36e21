//! The grammar of each command is its help page: an option that is not on the page is not accepted.

/// The operands and options of one command.
pub(super) struct Syntax {
    pub(super) command: &'static str,
    pub(super) operands: &'static [&'static str],
    page: &'static str,
}

pub(super) const PULL: Syntax = Syntax {
    command: "pull",
    operands: &["IMAGE", "DEST"],
    page: include_str!("../help/pull.txt"),
};

pub(super) const SAVE: Syntax = Syntax {
    command: "save",
    operands: &["IMAGE..."],
    page: include_str!("../help/save.txt"),
};

pub(super) const DIGEST: Syntax = Syntax {
    command: "digest",
    operands: &["IMAGE..."],
    page: include_str!("../help/digest.txt"),
};

pub(super) const INSPECT: Syntax = Syntax {
    command: "inspect",
    operands: &["DEST or IMAGE"],
    page: include_str!("../help/inspect.txt"),
};

pub(super) const VERIFY: Syntax = Syntax {
    command: "verify",
    operands: &["DEST", "[IMAGE]"],
    page: include_str!("../help/verify.txt"),
};

pub(super) const TAGS: Syntax = Syntax {
    command: "tags",
    operands: &["NAME"],
    page: include_str!("../help/tags.txt"),
};

pub(super) const PURGE: Syntax = Syntax {
    command: "purge",
    operands: &[],
    page: include_str!("../help/purge.txt"),
};

/// All commands with a help page.
pub(super) const SYNTAXES: [&Syntax; 7] = [&PULL, &SAVE, &DIGEST, &TAGS, &INSPECT, &VERIFY, &PURGE];

/// These lines of a page are replaced by the options of all commands that use registries, and of those that check signatures.
const REGISTRY_LINE: &str = "{registry}";
const REGISTRY: &str = include_str!("../help/registry.txt");
const SIGNATURES_LINE: &str = "{signatures}";
const SIGNATURES: &str = include_str!("../help/signatures.txt");

impl Syntax {
    pub(super) fn help(&self) -> String {
        self.lines().flat_map(|line| [line, "\n"]).collect()
    }

    /// The full name of an option, `--force` for `-f`, if the command has it.
    pub(super) fn option(&self, args: &str) -> Option<&'static str> {
        let line = self
            .option_lines()
            .find(|line| names(line).any(|name| name == args));
        line.and_then(full_name)
    }

    /// The full names of all options.
    pub(super) fn options(&self) -> impl Iterator<Item = &'static str> {
        self.option_lines().filter_map(full_name)
    }

    fn lines(&self) -> impl Iterator<Item = &'static str> {
        let lines = self.page.trim_end().split('\n');
        lines.flat_map(|line| match line {
            REGISTRY_LINE => REGISTRY.trim_end().split('\n'),
            SIGNATURES_LINE => SIGNATURES.trim_end().split('\n'),
            line => line.split('\n'),
        })
    }

    /// The options as they are on the page, before two blanks: `-f, --force` or `--os OS`.
    fn option_lines(&self) -> impl Iterator<Item = &'static str> {
        let lines = self.lines().filter_map(|line| line.strip_prefix("  "));
        let lines = lines.filter(|line| line.starts_with('-'));
        lines.filter_map(|line| line.split("  ").next())
    }
}

fn names(line: &'static str) -> impl Iterator<Item = &'static str> {
    let words = line.split([' ', ',']);
    words.filter(|word| word.starts_with('-'))
}

fn full_name(line: &'static str) -> Option<&'static str> {
    names(line).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_known_by_each_of_its_names() {
        assert_eq!(PULL.option("-f"), Some("--force"));
        assert_eq!(PULL.option("--force"), Some("--force"));
        assert_eq!(PULL.option("--auth"), Some("--auth"));
        assert_eq!(PULL.option("--platform"), Some("--platform"));
        // An option of another command, an operand, words of a description, an empty name.
        for other in ["-o", "--index", "IMAGE", "OS/ARCH[/VARIANT]", "-", "--", ""] {
            assert_eq!(PULL.option(other), None, "{other}");
        }
        assert!(PURGE.options().eq([
            "--older-than",
            "--all",
            "--max-size",
            "--dry-run",
            "--cache",
            "--timeout",
            "--quiet",
            "--json",
            "--help"
        ]));
    }
}
