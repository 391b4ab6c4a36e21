//! What each command takes: its help page, its options, its operands.

/// What one command takes.
pub(super) struct Syntax {
    pub(super) command: &'static str,
    pub(super) help: &'static str,
    pub(super) options: &'static [&'static str],
    pub(super) operands: &'static [&'static str],
}

pub(super) const PULL: Syntax = Syntax {
    command: "pull",
    help: include_str!("../help/pull.txt"),
    options: &[
        "--platform",
        "--arch",
        "--os",
        "--auth",
        "--mirror",
        "--plain-http",
        "--insecure",
        "--ca-file",
        "--timeout",
        "--retries",
        "--cache",
        "--max-size",
        "--include",
        "--exclude",
        "--strip-owner",
        "--uid-shift",
        "--force",
        "--update",
        "--exit-code",
        "--keep-old",
        "--offline",
        "--locked",
        "--nspawn",
        "--machine",
        "--quiet",
        "--verbose",
        "--json",
        "--help",
    ],
    operands: &["IMAGE", "DEST"],
};

pub(super) const DIGEST: Syntax = Syntax {
    command: "digest",
    help: include_str!("../help/digest.txt"),
    options: &[
        "--index",
        "--lock",
        "--platform",
        "--arch",
        "--os",
        "--auth",
        "--mirror",
        "--plain-http",
        "--insecure",
        "--ca-file",
        "--timeout",
        "--retries",
        "--verbose",
        "--help",
    ],
    operands: &["IMAGE..."],
};

pub(super) const INSPECT: Syntax = Syntax {
    command: "inspect",
    help: include_str!("../help/inspect.txt"),
    options: &[
        "--platform",
        "--arch",
        "--os",
        "--auth",
        "--mirror",
        "--plain-http",
        "--insecure",
        "--ca-file",
        "--timeout",
        "--retries",
        "--cache",
        "--verbose",
        "--help",
    ],
    operands: &["DEST or IMAGE"],
};

pub(super) const SAVE: Syntax = Syntax {
    command: "save",
    help: include_str!("../help/save.txt"),
    options: &[
        "--output",
        "--platform",
        "--all-platforms",
        "--auth",
        "--mirror",
        "--plain-http",
        "--insecure",
        "--ca-file",
        "--timeout",
        "--retries",
        "--cache",
        "--offline",
        "--quiet",
        "--verbose",
        "--help",
    ],
    operands: &["IMAGE..."],
};

pub(super) const VERIFY: Syntax = Syntax {
    command: "verify",
    help: include_str!("../help/verify.txt"),
    options: &[
        "--platform",
        "--arch",
        "--os",
        "--auth",
        "--mirror",
        "--plain-http",
        "--insecure",
        "--ca-file",
        "--timeout",
        "--retries",
        "--cache",
        "--offline",
        "--quiet",
        "--verbose",
        "--help",
    ],
    operands: &["DEST", "[IMAGE]"],
};

pub(super) const PURGE: Syntax = Syntax {
    command: "purge",
    help: include_str!("../help/purge.txt"),
    options: &[
        "--all",
        "--older-than",
        "--dry-run",
        "--cache",
        "--quiet",
        "--help",
    ],
    operands: &[],
};
