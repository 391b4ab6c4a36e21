//! Options and commands of docker, podman, skopeo, crane, umoci and curl for which roots has something else.
//! Those that it has under another name are in `cli/suggest.rs`.

/// Options and their hint. `pull:-u` is an option of one command only.
const OPTIONS: &[(&str, &str)] = &[
    (
        "--password-stdin",
        "--auth - reads user:password from standard input",
    ),
    (
        "--username --user --password -u",
        "credentials are given as --auth user:password; --auth - asks for them",
    ),
    ("pull:-u", "did you mean --update, or --auth user:password?"),
    ("inspect:--config", "did you mean --raw config?"),
    (
        "--authfile --auth-file --registry-config",
        "the variable REGISTRY_AUTH_FILE names a file of credentials",
    ),
    (
        "--config",
        "the variable DOCKER_CONFIG names the folder of docker's config.json",
    ),
    (
        "--no-creds",
        "credentials are sent only if the registry asks for them: leave it out",
    ),
    (
        "--cert-dir --cert-path --capath --ca-directory --cert --tlscert --tlskey",
        "certificates for one registry are read from /etc/containers/certs.d/HOST; an authority alone is given with --ca-file FILE",
    ),
    (
        "--override-variant --variant",
        "the variant is a part of the platform: --platform linux/ARCH/VARIANT",
    ),
    (
        "save:--arch save:--os save:--override-arch save:--override-os",
        "`roots save` takes whole platforms: --platform linux/ARCH",
    ),
    (
        "--progress --show-progress --progress-bar",
        "progress is shown on a terminal only: leave it out",
    ),
    (
        "--retry-delay --retry-max-time",
        "the delay grows with each retry: leave it out",
    ),
    (
        "--proxy",
        "the variable HTTPS_PROXY names the proxy, HTTP_PROXY that for plain http",
    ),
    (
        "--noproxy --no-proxy",
        "the variable NO_PROXY names the hosts that are reached without the proxy",
    ),
    (
        "--insecure-policy --policy --signature-policy --disable-content-trust --remove-signatures",
        "roots reads no policy.json: demand signatures with --signed-by, --built-by or --signer",
    ),
    (
        "--key",
        "a public key that must have signed the image: --signed-by FILE; keys for TLS are in /etc/containers/certs.d/HOST",
    ),
    (
        "--certificate-identity --cert-identity",
        "who must have signed the image: --signer NAME --issuer URL",
    ),
    (
        "--certificate-oidc-issuer --cert-oidc-issuer",
        "where the signer must have logged in: --issuer URL",
    ),
    (
        "--certificate-identity-regexp --certificate-oidc-issuer-regexp",
        "names are compared as a whole: --built-by OWNER/REPO, or --signer NAME --issuer URL",
    ),
    (
        "--repo --owner --signer-repo",
        "which repository must have built the image: --built-by OWNER/REPO, or OWNER/ for all of them",
    ),
    (
        "--signer-workflow",
        "which workflow must have built the image: --built-by OWNER/REPO --workflow PATH",
    ),
    (
        "inspect:--format inspect:-f",
        "print JSON with --json, and choose from it with `jq`",
    ),
    (
        "save:--format save:--compress save:--multi-image-archive",
        "the archive is one for docker and for OCI's tools: leave it out",
    ),
    ("--image", "give IMAGE without an option: oci:PATH:TAG"),
    ("--input", "name the archive in place of IMAGE: ./FILE"),
    (
        "pull:-o pull:-O pull:-C pull:-d pull:-P pull:--output pull:--output-dir pull:--dir pull:--directory pull:--dest pull:--target",
        "give the folder after IMAGE without an option: roots pull IMAGE DEST",
    ),
    (
        "pull:--rootless",
        "roots sees for itself whether it runs as root: leave it out",
    ),
    (
        "--all-tags",
        "name an image for each of them: `roots tags NAME` lists the tags",
    ),
];

/// Commands and their hint.
const COMMANDS: &[(&str, &str)] = &[
    (
        "run start exec boot create shell",
        "roots does not start anything: pull an image, then `systemd-nspawn -D DEST`",
    ),
    (
        "login auth",
        "there is no login: roots uses those of `docker login` and `podman login`, or --auth user:password",
    ),
    (
        "logout",
        "roots keeps no credentials: log out with `docker logout` or `podman logout`",
    ),
    (
        "ls list images ps",
        "roots has no store of images: `roots inspect DEST` says what a folder was made of, `roots tags NAME` which tags there are",
    ),
    (
        "export",
        "for the files of an image, `roots pull IMAGE DEST`; for an archive of it, `roots save IMAGE -o FILE`",
    ),
    (
        "copy cp sync",
        "into a folder, `roots pull IMAGE DEST`; into an archive, `roots save IMAGE -o FILE`",
    ),
    (
        "load import",
        "roots has no store of images: extract the archive itself with `roots pull ./FILE DEST`",
    ),
    (
        "push",
        "roots sends nothing to registries: try `skopeo copy oci-archive:FILE docker://IMAGE`",
    ),
    (
        "rm rmi remove delete",
        "a tree is removed with `rm -r DEST`, and what it leaves in the cache with `roots purge`",
    ),
    (
        "image container registry oci",
        "commands are single words: `roots pull`, `roots inspect`",
    ),
    (
        "manifest",
        "did you mean `roots inspect --raw manifest IMAGE`?",
    ),
    ("config", "did you mean `roots inspect --raw config IMAGE`?"),
    (
        "update upgrade",
        "did you mean `roots pull --update IMAGE DEST`?",
    ),
];

/// For skopeo's options for its destination.
const DESTINATION_OPTION: &str =
    "DEST is on this machine, so there is nothing to set for it: leave it out";

/// Other tools have one option for any certificate and for plain http.
const WITHOUT_TLS: &str =
    "to accept any certificate, write --insecure; for plain http, --plain-http";

/// `is_off`: `=false` follows the option.
pub(super) fn option_hint(command: &str, typed: &str, is_off: bool) -> Option<&'static str> {
    // These commands do not connect to registries.
    if matches!(command, "purge" | "version") {
        return None;
    }
    if typed.starts_with("--dest-") {
        return Some(DESTINATION_OPTION);
    }
    // skopeo has each option for either side of a copy.
    let bare = typed.strip_prefix("--src-");
    let bare = bare.map_or_else(|| typed.to_owned(), |bare| format!("--{bare}"));
    match (bare.as_str(), is_off) {
        ("--tls-verify", false) => {
            return Some("certificates are verified unless --insecure is given: leave it out");
        }
        ("--tls-verify", true) | ("--insecure-registry", _) => return Some(WITHOUT_TLS),
        _ => {}
    }
    let own = format!("{command}:{bare}");
    look_up(OPTIONS, &own).or_else(|| look_up(OPTIONS, &bare))
}

/// For a word where a command should be.
pub(super) fn command_hint(typed: &str) -> Option<&'static str> {
    look_up(COMMANDS, &typed.to_ascii_lowercase())
}

fn look_up(table: &[(&str, &'static str)], wanted: &str) -> Option<&'static str> {
    let mut rows = table.iter();
    let row = rows.find(|(words, _)| words.split(' ').any(|word| word == wanted));
    row.map(|(_, hint)| *hint)
}
