//! `--unit`: a service for the tree, and what `--nspawn` says of trees that systemd-nspawn does not start.

use crate::destinations::nspawn::hostile;
use crate::support::random::Random;
use crate::support::{Ability, Built, Image, Layer, Layout, Run, Sandbox, hello_layer};
use parser::{Unit, unit};
use roots::sys::{Host, is_root};
use serde_json::{Value, json};

mod parser;

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/srv/app:/bin/sh\n\
    zero:x:none:0::/:\n";
const GROUP: &str = "root:x:0:\napp:x:1001:\ndata:x:50:app,other\nops:x:60:app\n";

fn image(layer: Layer, config: Value) -> Built {
    let image = Image::new().layer(layer);
    let image = image.config(move |document| document["config"] = config.clone());
    image.build()
}

fn program(layer: Layer, path: &str) -> Layer {
    layer.file(path, 0o755, "#!")
}

/// A tree with users and a program, as distributions have it.
fn tree() -> Layer {
    let layer = ["etc", "usr", "usr/bin", "usr/local", "usr/local/bin", "srv"];
    let layer = layer
        .iter()
        .fold(Layer::new(), |layer, dir| layer.dir(dir, 0o755));
    let layer = layer
        .file("etc/passwd", 0o644, PASSWD)
        .file("etc/group", 0o644, GROUP);
    let layer = program(program(layer, "usr/bin/serve"), "srv/run").symlink("bin", "usr/bin");
    layer
        .symlink("usr/bin/sh", "/bin/serve")
        .file("usr/bin/data", 0o644, "")
}

fn pull(sandbox: &Sandbox, image: &Built, options: &[&str]) -> Run {
    let layout = sandbox.path("layout");
    let _ = std::fs::remove_dir_all(&layout);
    Layout::new().image("1", image).write(&layout);
    let pull = ["pull", "--unit", "--cache=no", "./layout", "dest"];
    sandbox.roots(pull).args(options).run()
}

fn text(sandbox: &Sandbox) -> String {
    String::from_utf8(sandbox.read("dest.service")).unwrap()
}

/// Quiet pulls wrote services that cannot start, and said nothing.
#[test]
fn what_cannot_start_is_said_to_quiet_users_too() {
    for (config, said) in [
        (
            json!({"User": "none", "Cmd": ["serve"]}),
            "have the image's user",
        ),
        (
            json!({"User": "1:none", "Cmd": ["serve"]}),
            "have the image's group",
        ),
        (json!({}), "the image has no command"),
        (
            json!({"Cmd": ["no-such"]}),
            "the program of the image's command",
        ),
        (
            json!({"Cmd": ["serve"], "WorkingDir": "/missing"}),
            "the tree lacks its WorkingDirectory",
        ),
    ] {
        if !is_root() && config["User"].is_string() {
            continue;
        }
        let sandbox = Sandbox::new("service_quiet");
        let run = pull(&sandbox, &image(tree(), config), &["--quiet"]).succeeds();
        let (line, rest) = run.stderr.split_once('\n').unwrap();
        assert!(
            line.starts_with("roots: warning: ") && line.contains(said),
            "{line}"
        );
        assert_eq!(rest, "");
        assert!(sandbox.has("dest.service"));
    }
    let sandbox = Sandbox::new("service_quiet");
    let nspawn = ["--quiet", "--nspawn"];
    let scratch = image(program(Layer::new(), "app"), json!({"Cmd": ["/app"]}));
    pull(&sandbox, &scratch, &nspawn)
        .succeeds()
        .says("dest.nspawn: systemd-nspawn refuses a tree without /usr");
    // What starts is nothing to speak of, and neither is what only the file lacks.
    let fine = json!({"Cmd": ["serve"], "Env": ["=x"], "StopSignal": "SIGNO"});
    let run = pull(&sandbox, &image(tree(), fine), &["--quiet", "--force"]).succeeds();
    assert_eq!(run.stderr, "");
}

/// The service of a tree with that config.
fn service(name: &str, layer: Layer, config: Value) -> (Unit, Run) {
    let sandbox = Sandbox::new(name);
    let run = pull(&sandbox, &image(layer, config), &[]).succeeds();
    (unit(&text(&sandbox)), run)
}

/// As whom a service runs: the tree of an ordinary user is all that user's.
fn account(
    uid: &str,
    gid: &str,
    groups: &[&'static str],
) -> (Vec<String>, Vec<String>, Vec<String>) {
    let host = Host::new();
    match is_root() {
        true => (
            vec![uid.into()],
            vec![gid.into()],
            groups.iter().map(|g| (*g).into()).collect(),
        ),
        false => (
            vec![host.uid.to_string()],
            vec![host.gid.to_string()],
            vec![],
        ),
    }
}

fn account_of(unit: &Unit) -> (Vec<String>, Vec<String>, Vec<String>) {
    let values = |key| unit.raw(key).into_iter().map(str::to_owned).collect();
    (
        values("User"),
        values("Group"),
        values("SupplementaryGroups"),
    )
}

#[test]
fn a_scratch_image_has_a_service() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new("service_scratch");
    let config = json!({"User": "65532:65533", "Entrypoint": ["/app", "--port=80"], "WorkingDir": "/",
        "StopSignal": "quit", "Volumes": {"/data": {}, "/a b": {}}, "ExposedPorts": {"80/tcp": {}}});
    let image = image(program(Layer::new(), "app"), config);
    let run = pull(&sandbox, &image, &[]).succeeds();
    run.never_says("will refuse it");
    let (user, group, _) = account("65532", "65533", &[]);
    let real = sandbox.path("").canonicalize().unwrap();
    let ambient = match user[0] == "0" {
        true => "",
        false => "AmbientCapabilities=CAP_NET_BIND_SERVICE\n",
    };
    let expected = format!(
        "# roots made this of {}\n\
         # The next --update writes it again: `systemctl edit dest.service` keeps your own settings apart.\n\
         [Unit]\nDescription=dest\nWants=network-online.target\nAfter=network-online.target\n\n\
         [Service]\nType=exec\nRootDirectory={}/dest\nMountAPIVFS=yes\nBindReadOnlyPaths=-/etc/resolv.conf\n\
         User={}\nGroup={}\n{ambient}Environment=\"HOME=/\"\n\
         Environment=\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n\
         ExecStart=\"@/app\" \"/app\" \"--port=80\"\nKillMode=mixed\nKillSignal=SIGQUIT\nNoNewPrivileges=yes\n",
        image.manifest.digest,
        real.display(),
        user[0],
        group[0],
    );
    let text = text(&sandbox);
    assert!(text.starts_with(&expected), "{text}");
    let end = "#BindPaths=/var/lib/dest/data:/data\n\n[Install]\nWantedBy=multi-user.target\n";
    assert!(text.ends_with(end), "{text}");
    assert_eq!(sandbox.names(""), ["dest", "dest.service", "layout"]);
    let mode = sandbox
        .path("dest.service")
        .metadata()
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o133, 0, "others may not write it");
}

#[test]
fn users_are_those_of_the_tree() {
    for (user, expected) in [
        ("app", account("1000", "1001", &["50 60"])),
        ("1000", account("1000", "1001", &["50 60"])),
        ("app:data", account("1000", "50", &[])),
        ("65532", account("65532", "0", &[])),
        ("", account("0", "0", &[])),
    ] {
        let config = json!({"User": user, "Cmd": ["serve"]});
        let (unit, run) = service("service_users", tree(), config);
        assert_eq!(account_of(&unit), expected, "{user}");
        run.never_says("will refuse it");
    }
    let (unit, _) = service(
        "service_home",
        tree(),
        json!({"User": "app", "Cmd": ["serve"]}),
    );
    let home = if is_root() { "HOME=/srv/app" } else { "HOME=/" };
    assert_eq!(unit.words("Environment")[0], home);
    let config = json!({"Cmd": ["serve"], "Env": ["HOME=/h", "PATH=/usr/bin", "HOMER=1"]});
    let (unit, _) = service("service_home", tree(), config);
    assert_eq!(
        unit.words("Environment"),
        ["HOME=/h", "PATH=/usr/bin", "HOMER=1"]
    );
}

/// It would have run as root, or as somebody of the host.
#[test]
fn a_user_that_nobody_knows_is_not_root() {
    if Ability::Root.is_missing() {
        return;
    }
    let user = "/etc/passwd of the tree does not have the image's user";
    let group = "/etc/group of the tree does not have the image's group";
    for (name, why) in [
        ("none", user),
        ("zero", user),
        ("-1", user),
        ("1:none", group),
        ("a\nb", user),
    ] {
        let config = json!({"User": name, "Cmd": ["serve"]});
        let (unit, run) = service("service_unknown", tree(), config);
        run.says(&format!(
            "dest.service: systemd will refuse it, because {why}: \
             set User=, Group= and ExecStart= with `systemctl edit dest.service`\n"
        ));
        assert_eq!(account_of(&unit), (vec![], vec![], vec![]), "{name}");
        assert_eq!(unit.command(), None, "{name}");
    }
}

/// systemd ended with 217/USER, and knew no more.
#[test]
fn numbers_that_this_machine_does_not_know_are_told() {
    if Ability::Root.is_missing() {
        return;
    }
    let layer = || program(Layer::new(), "run");
    let config = |user| json!({"User": user, "Cmd": ["/run"]});
    let (unit, run) = service("service_numbers", layer(), config("3987654321:3987654322"));
    run.says(
        "dest.service: systemd starts it only where its user and groups exist: type systemd-sysusers --inline \
         'g g3987654322 3987654322' 'u u3987654321 3987654321:3987654322'\n",
    );
    assert!(unit.command().is_some());
    let (_, run) = service("service_numbers", layer(), config("0:0"));
    run.never_says("warning");
}

/// The files of the host have users that the image has not.
#[test]
fn users_do_not_come_out_of_files_of_the_host() {
    if Ability::Root.is_missing() {
        return;
    }
    let config = || json!({"User": "app", "Cmd": ["/run"]});
    let layer = || program(Layer::new().dir("etc", 0o755), "run");
    let sandbox = Sandbox::new("service_links");
    let outside = sandbox.write("passwd", PASSWD);
    for target in [
        outside.to_str().unwrap(),
        "../../passwd",
        "/proc/self/fd/0",
        "passwd",
        "/dev/zero",
    ] {
        let image = image(layer().symlink("etc/passwd", target), config());
        let run = pull(&sandbox, &image, &["--force"]).succeeds();
        run.says("/etc/passwd of the tree does not have the image's user");
    }
    // A fifo does not block, and no more than a MiB is read.
    let image_of = |layer: Layer| image(layer, config());
    pull(
        &sandbox,
        &image_of(layer().fifo("etc/passwd", 0o644)),
        &["--force"],
    )
    .succeeds();
    let large = format!("{}{PASSWD}", "#\n".repeat(1 << 19));
    let run = pull(
        &sandbox,
        &image_of(layer().file("etc/passwd", 0o644, large)),
        &["--force"],
    );
    run.succeeds().says("does not have the image's user");
    // A link that stays in the tree leads to its file.
    let inside = layer()
        .symlink("etc/passwd", "/../usr/lib/passwd")
        .dir("usr", 0o755);
    let inside = inside
        .dir("usr/lib", 0o755)
        .file("usr/lib/passwd", 0o644, PASSWD);
    pull(&sandbox, &image_of(inside), &["--force"])
        .succeeds()
        .never_says("will refuse it");
    assert_eq!(unit(&text(&sandbox)).raw("User"), ["1000"]);
}

#[test]
fn programs_are_those_of_the_tree() {
    for (words, path) in [
        (json!(["serve", "-x"]), Some("/usr/bin/serve")),
        (json!(["/bin/serve"]), Some("/bin/serve")),
        // It goes by the name that it is called by.
        (json!(["sh"]), Some("/usr/bin/sh")),
        (json!(["./run"]), Some("/srv/run")),
        (json!(["../srv/.//run"]), Some("/srv/run")),
        (
            json!(["/bin/../local/../bin/serve"]),
            Some("/usr/bin/serve"),
        ),
        (json!(["run"]), None),
        (json!(["data"]), None),
        (json!(["/etc"]), None),
        (json!(["/none"]), None),
        (json!([""]), None),
        (json!([]), None),
    ] {
        let config = json!({"Entrypoint": words, "WorkingDir": "/srv"});
        let (unit, run) = service("service_programs", tree(), config);
        let said: Vec<String> = serde_json::from_value(words).unwrap();
        assert_eq!(unit.command(), path.map(|path| (path.to_owned(), said)));
        match path {
            Some(_) => run.never_says("warning"),
            None => run.says("set ExecStart= with `systemctl edit dest.service`"),
        };
    }
    // PATH is the image's own.
    for (path, found) in [("/usr:/srv", true), ("/usr/bin:srv:.", false), ("", false)] {
        let config = json!({"Cmd": ["run"], "Env": [format!("PATH={path}")]});
        let (unit, _) = service("service_path", tree(), config);
        assert_eq!(unit.command().is_some(), found, "{path}");
    }
}

/// A thousand images that would like to be somebody else: systemd reads what they say, or nothing.
#[test]
fn hostile_configs_stay_in_their_settings() {
    let sandbox = Sandbox::new("service_hostile");
    let mut random = Random::new(9);
    let (mut complete, is_told) = (0, |word: &String| !word.contains('\0'));
    for _ in 0..300 {
        let words = |random: &mut Random| -> Vec<String> {
            (0..random.below(4)).map(|_| hostile(random)).collect()
        };
        let env: Vec<_> = words(&mut random)
            .iter()
            .map(|word| format!("A={word}"))
            .collect();
        let cmd: Vec<_> = words(&mut random);
        let (user, dir, signal) = (
            hostile(&mut random),
            format!("/{}", hostile(&mut random)),
            hostile(&mut random),
        );
        let volumes = json!({format!("/{}", hostile(&mut random)): {}});
        let config = json!({"Env": env, "Entrypoint": ["/run"], "Cmd": cmd, "User": user, "WorkingDir": dir,
            "StopSignal": signal, "Volumes": volumes});
        let built = image(program(Layer::new(), "run"), config);
        pull(&sandbox, &built, &["--force", "--quiet"]).succeeds();
        let text = text(&sandbox);
        let read = unit(&text);
        let command = read.command();
        if let Some((path, words)) = &command {
            assert_eq!(path, "/run");
            assert_eq!(words[1..], cmd, "{text}");
        }
        let has_user = !read.raw("User").is_empty();
        assert_eq!(
            command.is_some(),
            has_user && cmd.iter().all(is_told),
            "{text}"
        );
        complete += usize::from(command.is_some());
        let told = env
            .into_iter()
            .filter(|entry| is_told(entry) && !entry.contains('\u{fffe}'));
        assert_eq!(
            read.words("Environment")[2..],
            told.collect::<Vec<_>>(),
            "{text}"
        );
        assert!(
            read.path("WorkingDirectory")
                .iter()
                .all(|read| *read == dir),
            "{text}"
        );
        assert_eq!(read.keys("Unit"), ["Description", "Wants", "After"]);
        assert_eq!(read.keys("Install"), ["WantedBy"]);
        for once in [
            "User",
            "RootDirectory",
            "ExecStart",
            "KillSignal",
            "NoNewPrivileges",
        ] {
            assert!(read.raw(once).len() <= 1, "{text}");
        }
        assert!(read.raw("ExecStartPre").is_empty() && read.raw("BindPaths").is_empty());
    }
    assert!(complete > 20, "{complete} commands were compared");
}

#[test]
fn it_goes_with_the_tree() {
    let sandbox = Sandbox::new("service_update");
    let of = |word: &str| image(tree(), json!({"Cmd": ["serve", word]}));
    pull(&sandbox, &of("one"), &[]).succeeds();
    let first = text(&sandbox);
    for found in [None, Some("# roots made this of sha256:0\n")] {
        std::fs::remove_file(sandbox.path("dest.service")).unwrap();
        if let Some(found) = found {
            sandbox.write("dest.service", found);
        }
        // Root without a cache does not believe the record, and pulls again.
        pull(&sandbox, &of("one"), &["--update"]).succeeds();
        assert_eq!(text(&sandbox), first);
    }
    pull(&sandbox, &of("two"), &["--update"]).succeeds();
    assert_eq!(unit(&text(&sandbox)).command().unwrap().1, ["serve", "two"]);

    sandbox.write("dest.service", "[Service]\nExecStart=/mine\n");
    let run = pull(&sandbox, &of("two"), &["--update"]).fails(6);
    run.says("dest.service: it was not written by roots\nhint: move it away");
    assert_eq!(text(&sandbox), "[Service]\nExecStart=/mine\n");
    pull(&sandbox, &of("two"), &["--force"]).succeeds();
    std::fs::remove_file(sandbox.path("dest.service")).unwrap();
    std::os::unix::fs::symlink("elsewhere", sandbox.path("dest.service")).unwrap();
    pull(&sandbox, &of("two"), &["--force"])
        .fails(6)
        .says("it is not a plain file");
    assert!(!sandbox.has("elsewhere"));
}

/// The tree is there already, and its users are asked again.
#[test]
fn a_service_is_written_for_a_tree_that_is_there() {
    let sandbox = Sandbox::new("service_later");
    let image = image(tree(), json!({"User": "app", "Cmd": ["serve"]}));
    Layout::new()
        .image("1", &image)
        .write(sandbox.path("layout"));
    let pull = ["pull", "./layout", "dest"];
    sandbox.roots(pull).run().succeeds();
    let update = sandbox
        .roots(pull)
        .args(["--update", "--exit-code", "--unit"]);
    assert_eq!(update.run().code, Some(10));
    let expected = account("1000", "1001", &["50 60"]);
    assert_eq!(account_of(&unit(&text(&sandbox))), expected);
}

#[test]
fn a_config_that_makes_no_sense_has_no_service() {
    let sandbox = Sandbox::new("service_config");
    for field in [
        "User",
        "Cmd",
        "Entrypoint",
        "Env",
        "WorkingDir",
        "StopSignal",
    ] {
        let broken = image(hello_layer(), json!({field: 5}));
        pull(&sandbox, &broken, &[]).fails(5).says("malformed: ");
        assert_eq!(sandbox.names(""), ["layout"]);
    }
}

/// A config with an enormous list of ports was refused since services read them.
#[test]
fn what_a_service_can_do_without_is_left_out_with_a_warning() {
    for (config, fields) in [
        (json!({"Volumes": 5}), "Volumes"),
        (json!({"ExposedPorts": ["80/tcp"]}), "ExposedPorts"),
        (
            json!({"ExposedPorts": "80", "Volumes": []}),
            "ExposedPorts, Volumes",
        ),
    ] {
        let (unit, run) = service("service_optional", hello_layer(), config);
        assert_eq!(unit.raw("KillMode"), ["mixed"]);
        assert_eq!(unit.raw("AmbientCapabilities"), [""; 0]);
        run.says(&format!(
            "dest.service: cannot be told to systemd: {fields}\n"
        ));
    }
}

#[test]
fn a_name_that_no_service_has_is_refused() {
    let sandbox = Sandbox::new("service_name");
    Layout::new()
        .image("1", &image(tree(), json!({})))
        .write(sandbox.path("layout"));
    for name in ["a b", "a@b", ".a", "a%n", "-a", "ä", "a\nb", "a\\x20"] {
        let dest = format!("./{name}");
        let pull = ["pull", "--unit", "--cache=no", "./layout", &dest];
        let run = sandbox.roots(pull).run().fails(6);
        run.says("not a valid name for a systemd service");
    }
    let folder = sandbox.mkdir("new\nline").join("dest");
    let pull = [
        "pull",
        "--unit",
        "--cache=no",
        "./layout",
        folder.to_str().unwrap(),
    ];
    let run = sandbox.roots(pull).run().fails(6);
    run.says("systemd does not accept this path in a unit");
    // Others are written as they are: `%` is a specifier there.
    let folder = sandbox.mkdir("100% \"a\" $b").join("dest");
    let pull = [
        "pull",
        "--unit",
        "--cache=no",
        "./layout",
        folder.to_str().unwrap(),
    ];
    sandbox.roots(pull).run().succeeds();
    let text = String::from_utf8(sandbox.read("100% \"a\" $b/dest.service")).unwrap();
    let root = folder.canonicalize().unwrap();
    assert_eq!(unit(&text).path("RootDirectory"), [root.to_str().unwrap()]);
}

#[test]
fn shifted_trees_have_shifted_users() {
    if Ability::Root.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("service_shift");
    for (user, expected) in [
        ("app", ["101000", "101001", "100050 100060"]),
        ("", ["100000", "100000", ""]),
    ] {
        let image = image(tree(), json!({"User": user, "Cmd": ["serve"]}));
        pull(&sandbox, &image, &["--force", "--uid-shift=100000"]).succeeds();
        let unit = unit(&text(&sandbox));
        let numbers = ["User", "Group", "SupplementaryGroups"].map(|key| unit.raw(key).concat());
        assert_eq!(numbers, expected);
    }
    let high = image(
        program(Layer::new(), "run"),
        json!({"User": "4294967294", "Cmd": ["/run"]}),
    );
    let run = pull(&sandbox, &high, &["--force", "--uid-shift=1"]).succeeds();
    run.says("--uid-shift leaves no number for the image's user");
}

#[test]
fn a_dry_run_says_where_it_would_be() {
    let sandbox = Sandbox::new("service_dry");
    let image = image(tree(), json!({"Cmd": ["serve"]}));
    let run = pull(&sandbox, &image, &["--dry-run"]).succeeds();
    let real = sandbox.path("").canonicalize().unwrap();
    let line = format!("\nunit:         {}/dest.service\n", real.display());
    assert!(run.stdout.contains(&line), "{}", run.stdout);
    let run = pull(&sandbox, &image, &["--dry-run", "--json"]).succeeds();
    let forecast: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        forecast["unit"],
        json!(format!("{}/dest.service", real.display()))
    );
    assert_eq!(sandbox.names(""), ["layout"]);
}

/// systemd-nspawn refused these, and no word was said.
#[test]
fn nspawn_says_what_does_not_start() {
    let sandbox = Sandbox::new("nspawn_refused");
    let getent = |layer: Layer| program(layer, "usr/bin/getent");
    let user = "dest.nspawn: systemd-nspawn cannot look up the image's user, because";
    let usr = "dest.nspawn: systemd-nspawn refuses a tree without /usr: start it as a service, which --unit writes\n";
    for (layer, config, said) in [
        (
            program(Layer::new(), "app"),
            json!({"Cmd": ["/app"]}),
            usr.to_owned(),
        ),
        (
            tree(),
            json!({"User": "app"}),
            format!("{user} the tree has no getent: "),
        ),
        (
            getent(tree()),
            json!({"User": "65532"}),
            format!("{user} /etc/passwd of the tree does not have it: "),
        ),
        (
            getent(tree()),
            json!({"User": "none:app"}),
            format!("{user} /etc/passwd of the tree does not have it: "),
        ),
        (
            tree(),
            json!({"WorkingDir": "/srv/none"}),
            "dest.nspawn: the tree lacks its WorkingDirectory: make it there with mkdir -p\n"
                .to_owned(),
        ),
        (
            tree().symlink("usr2", "/usr"),
            json!({"User": "root", "WorkingDir": "/usr2"}),
            String::new(),
        ),
        (getent(tree()), json!({"User": "1000"}), String::new()),
    ] {
        Layout::new()
            .image("1", &image(layer, config))
            .write(sandbox.mkdir("layout"));
        let pull = [
            "pull",
            "--nspawn",
            "--force",
            "--cache=no",
            "./layout",
            "dest",
        ];
        let run = sandbox.roots(pull).run().succeeds();
        match said.as_str() {
            "" => run.never_says("warning"),
            said => run.says(said),
        };
        std::fs::remove_dir_all(sandbox.path("layout")).unwrap();
    }
}
