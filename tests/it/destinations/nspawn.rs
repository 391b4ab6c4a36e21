//! `--nspawn` and `--machine`: how a tree is started.

use crate::support::random::Random;
use crate::support::{
    Ability, Built, Image, Layer, Layout, Registry, Run, Sandbox, hello, hello_layer,
};
use parser::settings;
use serde_json::{Value, json};

mod parser;

const APP: &str = "KillSignal=SIGTERM\nUser=app\nParameters=\"/app\"\n";

fn image(config: Value) -> Built {
    let image = Image::new().layer(hello_layer());
    let image = image.config(move |document| document["config"] = config.clone());
    image.build()
}

fn app() -> Built {
    image(json!({"User": "app", "Cmd": ["/app"]}))
}

fn pull(sandbox: &Sandbox, name: &str, options: &[&str]) -> Run {
    let pull = ["pull", "--nspawn", name, "dest"];
    sandbox.roots(pull).args(options).run()
}

fn written(sandbox: &Sandbox, image: &Built, settings: &str) {
    let head = format!(
        "# roots made this of {}\n[Exec]\nBoot=no\n",
        image.manifest.digest
    );
    let text = String::from_utf8(sandbox.read("dest.nspawn")).unwrap();
    assert_eq!(text, format!("{head}{settings}"));
}

#[test]
fn stands_beside_the_tree() {
    use std::os::unix::fs::PermissionsExt as _;
    let (sandbox, registry) = (Sandbox::new("nspawn"), Registry::start());
    let name = registry.push("a/b", "1", &app());
    let run = pull(&sandbox, &name, &[]).succeeds();
    run.never_says("COMMAND")
        .says("dest.nspawn: systemd-nspawn refuses a tree without /usr");
    written(&sandbox, &app(), APP);
    assert_eq!(sandbox.names(""), ["cache", "dest", "dest.nspawn"]);
    let mode = sandbox
        .path("dest.nspawn")
        .metadata()
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o133, 0, "others may not write it");
}

#[test]
fn goes_with_the_tree() {
    let (sandbox, registry) = (Sandbox::new("nspawn_update"), Registry::start());
    let name = registry.push("a/b", "1", &app());
    pull(&sandbox, &name, &[]).succeeds();
    registry.forget_requests();
    let unchanged = || {
        let run = pull(&sandbox, &name, &["--update", "--exit-code"]);
        assert_eq!(run.code, Some(10), "{}", run.stderr);
    };
    unchanged();
    assert_eq!(registry.lines(), ["HEAD /v2/a/b/manifests/1"]);

    // It is gone, or of the tree before: a kill came right after the swap.
    for found in [None, Some("# roots made this of sha256:0\n")] {
        std::fs::remove_file(sandbox.path("dest.nspawn")).unwrap();
        if let Some(found) = found {
            sandbox.write("dest.nspawn", found);
        }
        unchanged();
        written(&sandbox, &app(), APP);
    }

    let other = image(json!({"Entrypoint": ["/other"]}));
    registry.push("a/b", "1", &other);
    pull(&sandbox, &name, &["--update", "--exit-code"]).succeeds();
    written(
        &sandbox,
        &other,
        "KillSignal=SIGTERM\nParameters=\"/other\"\n",
    );

    // A pull that fails leaves the old one with the old tree.
    let broken = Image::new().layer_bytes(
        "application/vnd.oci.image.layer.v1.tar",
        "no tar",
        &other.manifest.digest,
    );
    registry.push("a/b", "1", &broken.build());
    pull(&sandbox, &name, &["--update"]).fails(5);
    written(
        &sandbox,
        &other,
        "KillSignal=SIGTERM\nParameters=\"/other\"\n",
    );
    assert_eq!(sandbox.names(""), ["cache", "dest", "dest.nspawn"]);
}

#[test]
fn somebody_elses_stays() {
    let (sandbox, registry) = (Sandbox::new("nspawn_mine"), Registry::start());
    let name = registry.push("a/b", "1", &app());
    sandbox.write("dest.nspawn", "[Exec]\nBoot=yes\n");
    let run = pull(&sandbox, &name, &[]).fails(6);
    run.says("dest.nspawn: it was not written by roots\nhint: move it away; --force would replace it, and DEST\n");
    assert_eq!(sandbox.read("dest.nspawn"), b"[Exec]\nBoot=yes\n");
    assert!(!sandbox.has("dest"));
    pull(&sandbox, &name, &["--force"]).succeeds();
    written(&sandbox, &app(), APP);

    // A link would have the file written elsewhere.
    std::fs::remove_file(sandbox.path("dest.nspawn")).unwrap();
    sandbox.write("elsewhere", "# roots made this of nothing\n");
    std::os::unix::fs::symlink("elsewhere", sandbox.path("dest.nspawn")).unwrap();
    let run = pull(&sandbox, &name, &["--force"]).fails(6);
    run.says("dest.nspawn: it is not a plain file\nhint: remove it if nobody needs it\n");
    assert_eq!(sandbox.read("elsewhere"), b"# roots made this of nothing\n");
}

#[test]
fn a_tree_that_is_no_machine_has_none() {
    let (sandbox, registry) = (Sandbox::new("nspawn_name"), Registry::start());
    let name = registry.push("a/b", "1", &app());
    let run = sandbox.roots(["pull", "--nspawn", &name, "my_tree"]).run();
    run.fails(6)
        .says("my_tree: not a valid systemd machine name");
    assert_eq!(sandbox.names(""), ["cache"]);
}

#[test]
fn a_config_that_makes_no_sense_is_refused_only_then() {
    let (sandbox, registry) = (Sandbox::new("nspawn_config"), Registry::start());
    let name = registry.push("a/b", "1", &image(json!({"Env": 5})));
    pull(&sandbox, &name, &[]).fails(5).says("malformed: ");
    assert_eq!(sandbox.names(""), ["cache"]);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    let null = registry.push("a/b", "2", &image(Value::Null));
    pull(&sandbox, &null, &["--force"]).succeeds();
    written(&sandbox, &image(Value::Null), "KillSignal=SIGTERM\n");
}

/// A thousand images that would like to be somebody else: what systemd reads is what they say, or nothing.
#[test]
fn hostile_configs() {
    let sandbox = Sandbox::new("nspawn_hostile");
    let mut random = Random::new(8);
    let mut complete = 0;
    for _ in 0..1000 {
        let words = |random: &mut Random| -> Vec<String> {
            (0..random.below(4)).map(|_| hostile(random)).collect()
        };
        let env: Vec<_> = words(&mut random)
            .iter()
            .map(|word| format!("A{word}={word}"))
            .collect();
        let (entrypoint, cmd) = (words(&mut random), words(&mut random));
        let (user, dir, signal) = (
            hostile(&mut random),
            format!("/{}", hostile(&mut random)),
            hostile(&mut random),
        );
        let built = image(
            json!({"Env": env, "Entrypoint": entrypoint, "Cmd": cmd, "User": user,
            "WorkingDir": dir, "StopSignal": signal}),
        );
        let layout = sandbox.path("layout");
        let _ = std::fs::remove_dir_all(&layout);
        Layout::new().image("1", &built).write(&layout);
        let options = ["--force", "--cache=no", "--quiet"];
        pull(&sandbox, "./layout", &options).succeeds();

        let text = String::from_utf8(sandbox.read("dest.nspawn")).unwrap();
        let read = settings(&text);
        let is_told = |word: &String| !word.contains(['\0', '\n', '\r', '\u{fffe}']);
        let all: Vec<_> = entrypoint.iter().chain(&cmd).cloned().collect();
        let told = all.iter().all(is_told);
        complete += usize::from(told && !all.is_empty());
        assert_eq!(
            read.words("Parameters"),
            if told { all } else { vec![] },
            "{text}"
        );
        let env: Vec<_> = env.into_iter().filter(is_told).collect();
        assert_eq!(read.words("Environment"), env, "{text}");
        for (setting, said) in [
            ("User", user),
            ("WorkingDirectory", dir),
            ("KillSignal", signal),
        ] {
            let name = said.split(':').next().unwrap();
            let read = read.raw(setting);
            assert!(
                read.is_none_or(|read| read == name || read == said || read == "SIGTERM"),
                "{text}"
            );
        }
        assert_eq!(read.raw("Boot"), Some("no"));
    }
    assert!(complete > 200, "{complete} commands were compared");
}

/// What a line, a word or a terminal could take for its own.
pub(crate) fn hostile(random: &mut Random) -> String {
    const PARTS: [&str; 33] = [
        "a",
        "root",
        "\n",
        "\r",
        "\0",
        "\"",
        "'",
        "\\",
        "\\n",
        " ",
        "\t",
        "%n",
        "$A",
        "${A}",
        ";",
        "#",
        "=",
        "[Files]",
        "\nBind=/\n",
        "Boot=yes",
        "\\\n",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "ä",
        ":",
        "/",
        "..",
        "-",
        "+3",
        "\u{feff}",
        "\u{fffe}",
    ];
    // Most would have one that ends the line, if all were as likely.
    let weight = |part: &&str| {
        (
            if part.contains(['\0', '\n', '\r', '\u{fffe}']) {
                1
            } else {
                12
            },
            (*part).to_owned(),
        )
    };
    let parts: Vec<_> = PARTS.iter().map(weight).collect();
    (0..random.below(6))
        .map(|_| random.weighted(&parts))
        .collect()
}

#[test]
fn a_machine_is_where_systemd_has_them() {
    let sandbox = Sandbox::new("machine");
    let usage = |arguments: &[&str], said: &str| {
        let run = sandbox.roots(["pull"]).args(arguments).run();
        run.fails(2).says(said);
    };
    usage(
        &["--machine", "m", "debian", "dest"],
        "--machine: cannot be combined with DEST",
    );
    usage(&["--machine", "m"], "pull: IMAGE is missing");
    for name in ["", "../etc", "a/b", ".", "a_b", "-a", &"a".repeat(65)] {
        usage(
            &["--machine", name, "debian"],
            "--machine: the name of a machine is letters and digits",
        );
    }
    let arguments = ["pull", "--machine", "m.1-a", "debian"].map(Into::into);
    match roots::cli::parse(arguments, |_| None) {
        Ok(roots::commands::Command::Pull(pull)) => {
            assert_eq!(pull.dest, std::path::Path::new("/var/lib/machines/m.1-a"));
        }
        _ => panic!("not understood"),
    }
}

#[test]
fn a_tree_that_does_not_boot_is_started_otherwise() {
    if Ability::Terminal.is_missing() || Ability::Root.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("start"), Registry::start());
    let start = |dest: &str, layer: Layer| {
        let name = registry.push("a/b", dest, &Image::new().layer(layer).build());
        let pull = sandbox.roots(["pull", &name, dest]);
        pull.terminal(200).spawn().wait().succeeds()
    };
    let usr = || Layer::new().dir("usr", 0o755);
    let said = "systemd-nspawn --as-pid2 -D usr COMMAND...";
    start("usr", usr()).says(said);
    let said = "chroot none COMMAND...";
    start("none", hello_layer()).says(said);
    let init = |layer: Layer| {
        layer
            .dir("usr/sbin", 0o755)
            .symlink("usr/sbin/init", "../lib/systemd/systemd")
    };
    start("init", init(usr())).says("COMMAND...");
    let release = |layer: Layer| layer.dir("etc", 0o755).file("etc/os-release", 0o644, "");
    start("release", release(usr())).says("COMMAND...");
    start("both", release(init(usr()))).never_says("COMMAND...");

    // Who takes a part of an image does not want to boot it.
    let name = registry.push("a/b", "part", &Image::new().layer(usr()).build());
    let part = sandbox.roots(["pull", &name, "part", "--include=/usr"]);
    let part = part.terminal(200).spawn().wait();
    part.succeeds().never_says("COMMAND...");

    // A log does not start it, nor can a program.
    for (dest, format) in [("log", None), ("json", Some("--json"))] {
        let pull = sandbox.roots(["pull", &name, dest]).args(format);
        pull.run().succeeds().never_says("COMMAND...");
    }

    let name = registry.push("a/b", "quiet", &hello());
    let quiet = sandbox.roots(["pull", "--quiet", &name, "quiet"]).run();
    assert_eq!(quiet.succeeds().stderr, "");
}

/// The hint named commands that only root can run.
#[test]
fn an_ordinary_user_is_not_told_to_start_a_tree() {
    if Ability::Terminal.is_missing() || !Ability::Root.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("start"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let pull = sandbox.roots(["pull", &name, "dest"]);
    let run = pull.terminal(200).spawn().wait().succeeds();
    run.never_says("COMMAND...");
}
