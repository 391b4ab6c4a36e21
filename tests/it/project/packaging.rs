//! What is installed and packed, and that the examples work.

use crate::support::Sandbox;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

mod dist;
mod install;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The path below a prefix of each file that `make install` installs but the binary, and where that file comes from.
fn installed_files(zsh: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut add = |source: String, path: String| assert!(files.insert(path, source).is_none());
    for (source, folder) in [
        ("fixtures/systemd", "lib/systemd/system"),
        ("fixtures/examples", "share/doc/roots/examples"),
    ] {
        for name in names_in(source) {
            add(format!("{source}/{name}"), format!("{folder}/{name}"));
        }
    }
    for name in names_in("fixtures/man") {
        let (_, section) = name.rsplit_once('.').unwrap();
        let path = format!("share/man/man{section}/{name}");
        add(format!("fixtures/man/{name}"), path);
    }
    for name in ["README.md", "CHANGELOG.md"] {
        add(name.to_owned(), format!("share/doc/roots/{name}"));
    }
    for (name, path) in [
        ("roots.bash", "bash-completion/completions/roots"),
        ("_roots", &format!("zsh/{zsh}/_roots")),
        ("roots.fish", "fish/vendor_completions.d/roots.fish"),
    ] {
        add(
            format!("fixtures/completions/{name}"),
            format!("share/{path}"),
        );
    }
    files
}

fn names_in(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_examples_are_scripts() {
    for name in ["app.initd", "initramfs-hook"] {
        let path = root().join("fixtures/examples").join(name);
        let status = Command::new("sh").arg("-n").arg(&path).status().unwrap();
        assert!(status.success(), "{name}");
    }
}

/// Distributions have chroot in different folders, and OpenRC wants to know in which. A pull that fails keeps
/// nothing from starting, if there is a tree.
#[test]
fn openrc_starts_what_there_is() {
    let script = root().join("fixtures/examples/app.initd");
    let script = std::fs::read_to_string(script).unwrap();
    let sandbox = Sandbox::new("openrc");
    let script = script.replace("/srv/app", "tree");
    let run = |code: i32| {
        let script =
            format!("roots() {{ return {code}; }}; {script}\ntest -x \"$command\" && start_pre");
        let mut sh = Command::new("sh");
        let sh = sh.args(["-c", &script]).current_dir(sandbox.path(""));
        let sh = sh.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        sh.status().unwrap().success()
    };
    assert!(run(0));
    assert!(!run(75));
    sandbox.mkdir("tree");
    assert!(run(75));
}

/// The hook as mkinitramfs runs it, with functions that only say what they copy: without a binary, none is made.
#[test]
fn the_hook_takes_the_binary_that_there_is() {
    let hook = root().join("fixtures/examples/initramfs-hook");
    let hook = std::fs::read_to_string(hook).unwrap();
    let functions =
        "copy_exec() { test -f \"$1\" || return 1; echo \"$@\"; }; copy_file() { echo \"$@\"; }";
    let sandbox = Sandbox::new("hook");
    let hook = hook.replace(". /usr/share/initramfs-tools/hook-functions", functions);
    let hook = hook.replace("/usr/", "usr/");
    let run = |argument: &str| {
        let mut sh = Command::new("sh");
        let sh = sh.args(["-c", &hook, "hook", argument]);
        let output = sh.current_dir(sandbox.path("")).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), said)
    };
    assert_eq!(run("prereqs"), (Some(0), String::new()));
    assert_eq!(run(""), (Some(1), String::new()));
    for folder in ["usr/bin", "usr/local/bin"] {
        sandbox.mkdir(folder);
        let binary = format!("{folder}/roots");
        sandbox.write(&binary, "binary");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(sandbox.path(&binary), mode).unwrap();
        let said = format!("{binary} /bin/roots\nlock /etc/roots.lock /lock\n");
        assert_eq!(run(""), (Some(0), said));
    }
}

/// The command of the service, run by a shell as systemd runs it: 0 restarts, 10 does not and is no failure.
#[test]
fn the_service_restarts_what_has_changed() {
    let service = root().join("fixtures/examples/app-update.service");
    let service = std::fs::read_to_string(service).unwrap();
    let value = |key: &str| service.lines().find_map(|line| line.strip_prefix(key));
    let command = value("ExecStart=").unwrap();
    let fine = value("SuccessExitStatus=").unwrap().parse().unwrap();
    assert_eq!(fine, i32::from(roots::error::UNCHANGED));
    for (code, restarts) in [(0, true), (fine, false), (75, false)] {
        let tools = format!("roots() {{ return {code}; }}; systemctl() {{ echo \"$@\"; }}; ");
        let command = command.replace("/bin/sh -c '", &format!("/bin/sh -c '{tools}"));
        let run = Command::new("sh").args(["-c", &command]).output().unwrap();
        assert_eq!(run.status.code(), Some(code));
        let restarted = String::from_utf8(run.stdout).unwrap();
        assert_eq!(restarted == "try-restart app.service\n", restarts);
    }
}

/// What README and roots-trees(7) say of a service: its root is the tree, and its state is not.
#[test]
fn the_service_that_is_restarted_keeps_its_state_outside() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let service = read("fixtures/examples/app.service");
    for page in ["README.md", "src/help/guide/roots-trees.txt"] {
        let page = read(page);
        let settings = page
            .split('`')
            .filter(|code| service.lines().any(|line| line == *code));
        let settings: Vec<_> = settings.collect();
        assert_eq!(settings, ["BindPaths=/var/lib/app:/data"]);
    }
}

/// README says what the unit of the package does.
#[test]
fn the_purge_of_the_package_is_that_of_the_readme() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let service = read("fixtures/systemd/roots-purge.service");
    let command = service
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let line = format!("\n    {} ", command.unwrap());
    assert!(read("README.md").contains(&line), "{line}");
}
