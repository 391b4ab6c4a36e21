//! systemd-analyze reads what `--unit` has written, and systemd starts it in a container.

use super::peer;
use crate::support::{Image, Layer, Layout, Sandbox};
use serde_json::json;
use std::os::unix::fs::symlink;

/// Boots with the service, and ends as soon as that has ended.
const CHECK: &str = "[Unit]\nAfter=dest.service\nWants=dest.service\nSuccessAction=exit-force\n\
    FailureAction=exit-force\n[Service]\nType=oneshot\nExecStart=/bin/touch /srv/booted\n";

#[test]
#[ignore = "needs the peers: make interop"]
#[expect(clippy::print_stdout, reason = "why nothing was compared, for the log")]
fn interop_service() {
    let sandbox = Sandbox::new("interop_service");
    // Its numbers, its words between brackets, then its surroundings.
    let source = sandbox.write(
        "show.c",
        "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
         int main(int n, char **a) { char b[4096]; FILE *f = fopen(\"/data/out\", \"w\");\n\
         fprintf(f, \"%d:%d\", getuid(), getgid()); while (*++a) fprintf(f, \"[%s]\", *a);\n\
         fprintf(f, \"[%s][%s][%s]\", getenv(\"A\"), getenv(\"HOME\"), getcwd(b, 4096)); return fclose(f); }\n",
    );
    let program = sandbox.path("show");
    let compile = [
        "-static",
        "-o",
        program.to_str().unwrap(),
        source.to_str().unwrap(),
    ];
    peer::run("cc", &compile);
    // systemd-analyze looks for the program on this machine.
    let layer = Layer::new()
        .dir("bin", 0o755)
        .file("bin/sh", 0o755, sandbox.read("show"));
    let layer = layer
        .dir("a b\\;#", 0o755)
        .dir("data", 0o777)
        .dir("etc", 0o755);
    let layer = layer.file("etc/passwd", 0o644, "app:x:1000:1001::/h%m:/bin/sh\n");
    let words = [
        "a b",
        "",
        "c\\d\\n",
        "e\"f'g\"\"",
        "%n",
        "; #",
        ";",
        "$HOME",
        "${HOME}",
        "$$",
        "end\\",
        "ä",
        "[Files]",
        "\n",
        "\u{fffe}",
        "\u{1b}[31m",
        "\r\nExecStartPre=/bin/false",
    ];
    let image = Image::new().layer(layer).config(move |config| {
        config["config"] = json!({"Entrypoint": ["sh"], "Cmd": words, "User": "app",
            "Env": ["A=x \"y\" 'z' \\n \\ %n $B\nB=1"], "WorkingDir": "/a b\\;#", "StopSignal": "quit"});
    });
    Layout::new()
        .image("1", &image.build())
        .write(sandbox.path("layout"));
    let dest = sandbox.mkdir("host/srv").join("dest");
    let pull = [
        "pull",
        "--unit",
        "--cache=no",
        "./layout",
        dest.to_str().unwrap(),
    ];
    sandbox.roots(pull).run().succeeds();
    let unit = dest.with_extension("service");
    let verified = peer::try_run(
        "systemd-analyze",
        &["verify", "--man=no", unit.to_str().unwrap()],
    );
    assert_eq!(verified.as_deref().map(str::trim), Ok(""));

    let host = sandbox.path("host");
    let text = String::from_utf8(sandbox.read("host/srv/dest.service")).unwrap();
    let root = format!("RootDirectory={}", dest.display());
    assert!(text.contains(&root), "{text}");
    let wants = "host/etc/systemd/system/multi-user.target.wants";
    sandbox.mkdir(wants);
    sandbox.write(
        "host/etc/systemd/system/dest.service",
        text.replace(&root, "RootDirectory=/srv/dest"),
    );
    sandbox.write("host/etc/systemd/system/check.service", CHECK);
    // Then its end is waited for, and not only its start.
    sandbox.mkdir("host/etc/systemd/system/dest.service.d");
    let once = "[Service]\nType=oneshot\n";
    sandbox.write("host/etc/systemd/system/dest.service.d/once.conf", once);
    symlink(
        "../check.service",
        sandbox.path(wants).join("check.service"),
    )
    .unwrap();
    for name in ["bin", "sbin", "lib", "lib64"] {
        symlink(format!("usr/{name}"), host.join(name)).unwrap();
    }
    sandbox.mkdir("host/usr");
    sandbox.write("host/etc/os-release", "ID=test\n");
    // Without one, the first boot asks for a language and waits.
    sandbox.write(
        "host/etc/machine-id",
        format!("{}\n", "0123456789abcdef".repeat(2)),
    );
    sandbox.write(
        "host/etc/passwd",
        "root:x:0:0::/root:/bin/sh\nu1000:x:1000:1001::/:/bin/false\n",
    );
    sandbox.write("host/etc/group", "root:x:0:\ng1001:x:1001:\n");
    let boot = [
        "60",
        "systemd-nspawn",
        "--quiet",
        "--register=no",
        "--keep-unit",
        "--bind-ro=/usr",
        "--boot",
        "-D",
        host.to_str().unwrap(),
        "systemd.unit=multi-user.target",
    ];
    let booted = peer::try_run("timeout", &boot);
    if !sandbox.has("host/srv/booted") {
        // A machine may have no namespaces or no control groups to give.
        println!("skipped: {booted:?}");
        return;
    }
    let words: String = words.iter().map(|word| format!("[{word}]")).collect();
    let out = String::from_utf8(sandbox.read("host/srv/dest/data/out")).unwrap();
    assert_eq!(
        out,
        format!("1000:1001{words}[x \"y\" 'z' \\n \\ %n $B\nB=1][/h%m][/a b\\;#]")
    );
}
