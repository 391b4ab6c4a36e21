//! A system on which no rename can exchange two names.

use super::Sandbox;
use std::io::Write as _;
use std::process::Command;

/// A prelude that runs the binary on a kernel whose renames know no flags. Nothing where the system does not allow that.
pub fn plain_renames(sandbox: &Sandbox) -> Option<String> {
    let helper = sandbox.path("plain_renames");
    let source = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/support/plain_renames.c"
    );
    let built = Command::new("cc")
        .arg("-o")
        .arg(&helper)
        .arg(source)
        .output();
    let built = built.expect("cc, which the build needs, too");
    assert!(built.status.success(), "{built:?}");
    let tried = Command::new(&helper).arg("/bin/true").output().unwrap();
    if !tried.status.success() {
        let _ = writeln!(std::io::stderr(), "skipped without seccomp");
        return None;
    }
    Some(format!("exec '{}' \"$0\" \"$@\"", helper.display()))
}
