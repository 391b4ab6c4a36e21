//! `--machine NAME` stands for `/var/lib/machines/NAME`, as it does for `pull`.

use crate::destinations::disk::mounting;
use crate::support::{Registry, Sandbox, hello};
use roots::commands::Command;
use std::path::Path;

#[test]
fn a_machine_takes_the_place_of_dest() {
    let parsed = |arguments: &[&str]| roots::cli::parse(arguments.iter().map(Into::into), |_| None);
    let dest = Path::new("/var/lib/machines/m.1");
    let Ok(Command::Inspect(inspect)) = parsed(&["inspect", "--machine=m.1"]) else {
        panic!("not understood");
    };
    assert_eq!(inspect.dest, dest);
    let Ok(Command::Verify(verify)) = parsed(&["verify", "--machine", "m.1"]) else {
        panic!("not understood");
    };
    assert_eq!(verify.dest, dest);
    let Ok(Command::Verify(verify)) = parsed(&["verify", "debian", "--machine", "m.1"]) else {
        panic!("not understood");
    };
    assert_eq!(verify.dest, dest);
    let sandbox = Sandbox::new("inspect_machine");
    for (arguments, said) in [
        (
            &["inspect", "--machine=m", "debian"][..],
            "--machine: cannot be combined with DEST or IMAGE",
        ),
        (
            &["inspect", "--machine=m", "--raw=config"],
            "--machine: cannot be combined with --raw",
        ),
        (
            &["verify", "--machine=m", "dest", "debian"],
            "--machine: cannot be combined with DEST",
        ),
        (
            &["inspect", "--machine="],
            "--machine: the name of a machine is letters and digits",
        ),
        (
            &["verify", "--machine=../m"],
            "--machine: the name of a machine is letters and digits",
        ),
    ] {
        sandbox.roots(arguments).run().fails(2).says(said);
    }
}

/// Runs a script in which `"$0"` is roots, with a `/var/lib` of its own; nothing where that is not permitted.
fn in_machines(sandbox: &Sandbox, name: &str, script: &str) -> Option<crate::support::Run> {
    let prelude = mounting("mount -t tmpfs none /var/lib", "true")?;
    let script = script.replace("roots", "\"$0\"").replace("NAME", name);
    let prelude = prelude.replace("\"$0\" \"$@\"; code", &format!("({script}); code"));
    let command = sandbox.roots(["version"]).prelude(&prelude);
    Some(command.run())
}

#[test]
fn a_machine_that_was_pulled_is_inspected_and_verified() {
    let (sandbox, registry) = (Sandbox::new("inspect_machine"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    // A layout in a tree does not make it an IMAGE, and `./m` here is not the machine.
    let script = "set -e; mkdir m; roots pull -q --machine m NAME; touch /var/lib/machines/m/oci-layout; \
        roots inspect --machine m; roots verify -q --machine m NAME --ignore-added; \
        roots verify --machine m NAME";
    let Some(run) = in_machines(&sandbox, &name, script) else {
        return;
    };
    // The difference is said in one line, and that it is one in another.
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(run.stdout.contains("\"wanted\""), "{}", run.stdout);
    assert!(run.stdout.contains("added /oci-layout\n"), "{}", run.stdout);
}

#[test]
fn a_machine_that_is_not_there_is_said_to_be_missing() {
    let sandbox = Sandbox::new("inspect_machine");
    for command in ["inspect", "verify"] {
        let script = format!("roots {command} --machine m");
        let Some(run) = in_machines(&sandbox, "", &script) else {
            return;
        };
        run.fails(3)
            .says("roots: /var/lib/machines/m: no such folder\n");
    }
}
