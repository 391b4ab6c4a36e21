//! Examples and files, which man pages list and help pages do not.

/// A path, the commands that have to do with it, and what it is.
pub(super) type File = (&'static str, &'static [&'static str], &'static str);

pub(super) const FILES: &[File] = &[
    (
        "/var/cache/roots",
        &["pull", "save", "inspect", "verify", "purge"],
        "root's cache",
    ),
    (
        "~/.cache/roots",
        &["pull", "save", "inspect", "verify", "purge"],
        "an ordinary user's",
    ),
    (
        "/var/lib/machines",
        &["pull", "inspect", "verify"],
        "trees of `--machine`, with `NAME.nspawn` and `NAME.service` beside NAME",
    ),
    (
        "/etc/subuid, /etc/subgid",
        &["pull"],
        "ids that an ordinary user may use in a user namespace",
    ),
    (
        "/run/containers/UID/auth.json, ~/.config/containers/auth.json, ~/.docker/config.json",
        &[],
        "credentials of `podman login` and `docker login`",
    ),
    (
        "~/.config/containers/registries.conf, /etc/containers/registries.conf",
        &[],
        "mirrors",
    ),
    (
        "~/.config/containers/certs.d, /etc/containers/certs.d, /etc/docker/certs.d",
        &[],
        "a folder for each server: its authorities in `*.crt`, your client certificate in `*.cert` and `*.key`",
    ),
];

/// For each command, what is done and how.
pub(super) const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "pull",
        &[
            (
                "Pull Debian, and start a shell in it:",
                "roots pull debian:bookworm ./debian\nsystemd-nspawn -D ./debian",
            ),
            (
                "Pull into /var/lib/machines, and run the command of the image:",
                "roots pull --nspawn --machine app ghcr.io/owner/app:1\nmachinectl start app",
            ),
            (
                "Refuse an image that was not built from a repository at GitHub, or is not signed with a key:",
                "roots pull --built-by owner/app ghcr.io/owner/app:1 /srv/app\n\
                 roots pull --signed-by cosign.pub registry.example.com/app:1 /srv/app",
            ),
            (
                "As an ordinary user with ids in /etc/subuid and /etc/subgid, keep the owners of the image:",
                "unshare --map-auto --map-root-user roots pull debian:bookworm ./debian",
            ),
            (
                "Pull only if the image has changed, and nothing runs in the old tree:",
                "roots pull --update debian:bookworm ./debian",
            ),
            (
                "The same each day for a running program, keeping one tree to go back to:",
                "roots pull --update --exit-code --keep-old /srv/app.old ghcr.io/owner/app:1 /srv/app &&\n\
                 systemctl restart app",
            ),
            (
                "Go back to that tree, and remove the newer one:",
                "systemctl disable --now app-update.timer\n\
                 systemctl stop app\n\
                 mv -T /srv/app /srv/app.new && mv -T /srv/app.old /srv/app && systemctl start app\n\
                 rm -r /srv/app.new",
            ),
            (
                "Take one program for another machine from an archive:",
                "roots pull --platform linux/arm64 --include /bin/busybox ./images.tar ./here",
            ),
        ],
    ),
    (
        "save",
        &[
            (
                "Save two images, and a lock for `roots pull --locked`:",
                "roots save debian:bookworm ghcr.io/owner/app:1 -o images.tar > lock",
            ),
            (
                "Save the signatures, too, for `roots pull` with the same option:",
                "roots save --built-by owner/app ghcr.io/owner/app:1 -o images.tar > lock",
            ),
            (
                "Send an image to another machine over ssh:",
                "roots save ghcr.io/owner/app:1 -o - | ssh bare roots pull --force - ./app",
            ),
        ],
    ),
    (
        "digest",
        &[(
            "Write a lock, and pull only what it allows:",
            "roots digest debian:bookworm ghcr.io/owner/app:1 > lock\n\
             roots pull --locked lock ghcr.io/owner/app:1 /srv/app",
        )],
    ),
    (
        "tags",
        &[
            ("List the tags of Debian's image:", "roots tags debian"),
            (
                "Print the latest version, if tags are versions:",
                "roots tags ghcr.io/owner/app | sort -V | tail -n 1",
            ),
        ],
    ),
    (
        "inspect",
        &[
            ("Print what a tree was made of:", "roots inspect /srv/app"),
            (
                "Show an image before it is pulled:",
                "roots inspect debian:bookworm",
            ),
        ],
    ),
    (
        "verify",
        &[
            (
                "List what has changed since the pull:",
                "roots verify /srv/app",
            ),
            (
                "The same without a network:",
                "roots verify --offline /srv/app",
            ),
            (
                "Check each night that programs and libraries are those of the image:",
                "roots verify --quiet --include /usr /srv/app",
            ),
            (
                "List what was added to a running system, for a script:",
                "roots verify --json --exclude /var /srv/app | jq -r 'select(.change == \"added\").path'",
            ),
            (
                "Do not rely on the record, for a part of an image and for a tree of an ordinary user:",
                "roots verify --partial --exclude /usr/share/doc /srv/app ghcr.io/owner/app:1\n\
                 roots verify --rootless ~joe/app ghcr.io/owner/app:1",
            ),
        ],
    ),
    (
        "purge",
        &[
            (
                "Print what would be dropped, and its size:",
                "roots purge --dry-run",
            ),
            (
                "Also drop blobs of existing trees that no pull has used for 30 days:",
                "roots purge --all --older-than 30d",
            ),
            (
                "Drop blobs used least recently until the cache fits 10 GiB:",
                "roots purge --max-size 10G",
            ),
        ],
    ),
];
