//! What man pages have and help pages do not: examples, and the files that play a part.

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
        "where the trees of `--machine` are, with `NAME.nspawn` and `NAME.service` beside NAME",
    ),
    (
        "/etc/subuid, /etc/subgid",
        &["pull"],
        "ids that an ordinary user can have in a user namespace",
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
        "a folder for each server, with its certificates in `*.crt`, and in `*.cert` and `*.key` your own",
    ),
];

/// For each command, what is done and how.
pub(super) const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    (
        "pull",
        &[
            (
                "A Debian, and a shell in it:",
                "roots pull debian:bookworm ./debian\nsystemd-nspawn -D ./debian",
            ),
            (
                "Where systemd has its machines, to be started as its author wants it:",
                "roots pull --nspawn --machine app ghcr.io/owner/app:1\nmachinectl start app",
            ),
            (
                "As an ordinary user with ids in /etc/subuid and /etc/subgid, with the owners of the image:",
                "unshare --map-auto --map-root-user roots pull debian:bookworm ./debian",
            ),
            (
                "Only if the image is another one by now, where nothing runs in the old tree:",
                "roots pull --update debian:bookworm ./debian",
            ),
            (
                "The same each day under a program that runs, with one tree to go back to:",
                "roots pull --update --exit-code --keep-old /srv/app.old ghcr.io/owner/app:1 /srv/app &&\n\
                 systemctl restart app",
            ),
            (
                "Back to that tree, and the newer one out of the way of the next time:",
                "systemctl disable --now app-update.timer\n\
                 systemctl stop app\n\
                 mv -T /srv/app /srv/app.new && mv -T /srv/app.old /srv/app && systemctl start app\n\
                 rm -r /srv/app.new",
            ),
            (
                "A program alone, for another machine, out of an archive:",
                "roots pull --platform linux/arm64 --include /bin/busybox ./images.tar ./here",
            ),
        ],
    ),
    (
        "save",
        &[
            (
                "Two images, and what they are for whoever pulls them:",
                "roots save debian:bookworm ghcr.io/owner/app:1 -o images.tar > lock",
            ),
            (
                "To a machine without a disk in between:",
                "roots save ghcr.io/owner/app:1 -o - | ssh bare roots pull --force - ./app",
            ),
        ],
    ),
    (
        "digest",
        &[(
            "A lock, and a pull that holds to it:",
            "roots digest debian:bookworm ghcr.io/owner/app:1 > lock\n\
             roots pull --locked lock ghcr.io/owner/app:1 /srv/app",
        )],
    ),
    (
        "tags",
        &[
            ("The tags of Debian's image:", "roots tags debian"),
            (
                "The latest version, where tags are versions:",
                "roots tags ghcr.io/owner/app | sort -V | tail -n 1",
            ),
        ],
    ),
    (
        "inspect",
        &[
            ("What a tree was made of:", "roots inspect /srv/app"),
            ("What an image is made of:", "roots inspect debian:bookworm"),
        ],
    ),
    (
        "verify",
        &[
            ("What has changed since the pull:", "roots verify /srv/app"),
            (
                "The same where there is no network:",
                "roots verify --offline /srv/app",
            ),
            (
                "Each night, whether programs and libraries are those of the image:",
                "roots verify --quiet --include /usr /srv/app",
            ),
            (
                "What was added to a system that runs, for a program:",
                "roots verify --json --exclude /var /srv/app | jq -r 'select(.change == \"added\").path'",
            ),
            (
                "Whatever the tree says about itself, pulled with an option or by an ordinary user:",
                "roots verify --partial --exclude /usr/share/doc /srv/app ghcr.io/owner/app:1\n\
                 roots verify --rootless ~joe/app ghcr.io/owner/app:1",
            ),
        ],
    ),
    (
        "purge",
        &[
            (
                "What would go, and how much it is:",
                "roots purge --dry-run",
            ),
            (
                "Also what existing trees were made of, if no pull has used it for long:",
                "roots purge --all --older-than 30d",
            ),
            (
                "No more than it takes to get the cache down to 10 GiB, what was used least recently first:",
                "roots purge --max-size 10G",
            ),
        ],
    ),
];
