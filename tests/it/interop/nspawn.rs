//! systemd-nspawn runs what `--nspawn` has written, and systemd-analyze reads the examples.

use super::peer;
use crate::support::{Image, Layer, Layout, Sandbox};
use serde_json::json;
use std::path::Path;

#[test]
#[ignore = "needs the peers: make interop"]
#[expect(clippy::print_stdout, reason = "why nothing was compared, for the log")]
fn interop_nspawn() {
    let sandbox = Sandbox::new("interop_nspawn");
    // Its words, each between brackets, then its surroundings.
    let source = sandbox.write(
        "show.c",
        "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
         int main(int n, char **a) { char b[4096]; while (*++a) printf(\"[%s]\", *a);\n\
         printf(\"[%s][%s][%d]\", getenv(\"A\"), getcwd(b, 4096), (int)getuid()); }\n",
    );
    let program = sandbox.path("show");
    let compile = [
        "-static",
        "-o",
        program.to_str().unwrap(),
        source.to_str().unwrap(),
    ];
    peer::run("cc", &compile);
    let layer = Layer::new().dir("usr", 0o755).dir("usr/bin", 0o755);
    let layer = layer.file("usr/bin/show", 0o755, sandbox.read("show"));
    let layer = layer.dir("a b\\;#", 0o755).dir("etc", 0o755);
    let layer = ["proc", "sys", "dev", "run", "tmp", "var"]
        .iter()
        .fold(layer, |layer, dir| layer.dir(dir, 0o755));
    let words = [
        "a b",
        "",
        "c\\d\\n",
        "e\"f'g\"\"",
        "%n",
        "; #",
        "$HOME",
        "end\\",
        "ä",
        "[Files]",
    ];
    let image = Image::new().layer(layer).config(move |config| {
        config["config"] = json!({"Entrypoint": ["/usr/bin/show"], "Cmd": words,
            "Env": ["A=x \"y\" 'z' \\n \\", "B=\u{fffe}"], "WorkingDir": "/a b\\;#", "StopSignal": "quit"});
    });
    Layout::new()
        .image("1", &image.build())
        .write(sandbox.path("layout"));
    let pull = ["pull", "--nspawn", "--cache=no", "./layout", "dest"];
    sandbox.roots(pull).run().succeeds();
    let dest = sandbox.path("dest");
    let options = [
        "--quiet",
        "--pipe",
        "--register=no",
        "--keep-unit",
        "-D",
        dest.to_str().unwrap(),
    ];
    match peer::try_run("systemd-nspawn", &options) {
        Ok(said) => {
            let words: String = words.iter().map(|word| format!("[{word}]")).collect();
            assert_eq!(
                said.trim(),
                format!("{words}[x \"y\" 'z' \\n \\][/a b\\;#][0]")
            );
        }
        // A machine may have no namespaces to give.
        Err(said) if said.contains("not permitted") => println!("skipped: {said}"),
        Err(said) => panic!("{said}"),
    }
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_units() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for unit in ["app-update.service", "app-update.timer"] {
        let unit = fixtures.join("examples").join(unit);
        peer::run(
            "systemd-analyze",
            &["verify", "--man=no", unit.to_str().unwrap()],
        );
    }
    // It looks for the programs here: not below RootDirectory, and roots may not be installed.
    let sandbox = Sandbox::new("interop_units");
    for (path, program) in [
        ("examples/app.service", "/app"),
        ("systemd/roots-purge.service", "roots"),
    ] {
        let unit = std::fs::read_to_string(fixtures.join(path)).unwrap();
        let unit = unit.replace(&format!("ExecStart={program}"), "ExecStart=/bin/true");
        let (_, name) = path.rsplit_once('/').unwrap();
        let unit = sandbox.write(name, unit);
        peer::run(
            "systemd-analyze",
            &["verify", "--man=no", unit.to_str().unwrap()],
        );
    }
}
