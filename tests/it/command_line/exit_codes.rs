//! One run for each exit code of the table in `roots help`, and all that it says: scripts branch on the number, people
//! read the sentence.

use crate::support::image::docker;
use crate::support::{
    ALWAYS, Fault, HELLO, Image, Index, Registry, Run, Sandbox, TokenRules, hello, hello_layer,
    marked, tree,
};
use rustix::process::Signal;

struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
}

impl Scene {
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("exit_codes"), Registry::start());
        let name = registry.push("acme/tool", "1", &hello());
        Self {
            sandbox,
            registry,
            name,
        }
    }

    /// Pulls into `dest`, which must fail with this code, leave nothing and say this; `{host}` is filled in.
    #[track_caller]
    fn fails(&self, image: &str, code: i32, said: &str) -> Run {
        let run = self
            .sandbox
            .roots(["pull", &self.registry.image(image), "dest"])
            .run()
            .fails(code);
        assert_eq!(run.stderr, said.replace("{host}", &self.registry.host()));
        self.sandbox.assert_nothing_left();
        run
    }
}

#[test]
fn code_0_is_done() {
    let Scene {
        sandbox,
        registry: _registry,
        name,
    } = Scene::new();
    let image = hello();
    let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(run.stdout, format!("{}\n", image.manifest.digest));
    let (layer, size) = (&image.layers[0].digest, image.layers[0].bytes.len());
    assert_eq!(
        run.stderr.lines().next(),
        Some(&*format!("layer 1/1 {layer} {size} B (registry)"))
    );
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

#[test]
fn code_1_is_any_other_failure() {
    let scene = Scene::new();
    scene.registry.fault(
        "/manifests/",
        ALWAYS,
        Fault::status_with(
            400,
            &[],
            "{\"errors\":[{\"code\":\"UNSUPPORTED\",\"message\":\"not today\"}]}",
        ),
    );
    scene.fails(
        "acme/tool:1",
        1,
        "roots: http://{host}/v2/acme/tool/manifests/1: status 400: UNSUPPORTED not today\n",
    );
}

#[test]
fn code_2_is_the_command_line() {
    let Scene {
        sandbox,
        registry,
        name,
    } = Scene::new();
    let run = sandbox
        .roots(["pull", "--forse", &name, "dest"])
        .run()
        .fails(2);
    assert_eq!(
        run.stderr,
        "roots: pull: no such option: --forse\nhint: did you mean --force?\n"
    );
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn code_3_is_not_found() {
    let scene = Scene::new();
    let hint = "hint: check the spelling of the name and of the tag\n";
    let no_tag = "roots: {host}/acme/tool:2: no such image: MANIFEST_UNKNOWN manifest unknown\n";
    scene.fails("acme/tool:2", 3, &format!("{no_tag}{hint}"));
    let no_name = "roots: {host}/acme/tol:1: no such image: NAME_UNKNOWN repository name not known to registry\n";
    scene.fails("acme/tol:1", 3, &format!("{no_name}{hint}"));
    let index = Index::new()
        .image(&marked("a", "linux", "mips", None))
        .image(&marked("b", "plan9", "mips", None))
        .build();
    scene.registry.push_index("acme/tool", "3", &index);
    let run = scene
        .sandbox
        .roots([
            "pull",
            "--platform=linux/arm64",
            &scene.registry.image("acme/tool:3"),
            "dest",
        ])
        .run()
        .fails(3);
    let no_platform = "roots: {host}/acme/tool:3: no image for linux/arm64; available: linux/mips, plan9/mips\n\
                       hint: choose one of them: --platform linux/mips\n";
    assert_eq!(
        run.stderr,
        no_platform.replace("{host}", &scene.registry.host())
    );
}

#[test]
fn code_4_is_access_denied() {
    let scene = Scene::new();
    scene
        .registry
        .require_token(TokenRules::new().user("joe", "hunter2"));
    scene.fails(
        "acme/tool:1",
        4,
        "roots: {host}/acme/tool:1: {host} denies access: UNAUTHORIZED requested access to the resource is denied\n\
         hint: it does not exist or is private: check the name, or pass --auth user:password or a key file\n",
    );
}

#[test]
fn code_5_is_not_what_was_named_or_no_image() {
    let scene = Scene::new();
    let image = hello();
    let mut spoilt = image.config.bytes.clone();
    spoilt[9] ^= 0xff;
    scene
        .registry
        .fault(&image.config.digest, ALWAYS, Fault::Corrupt(9));
    let (wanted, got) = (&image.config.digest, crate::support::sha256(spoilt));
    scene.fails(
        "acme/tool:1",
        5,
        &format!(
            "roots: {wanted}: digest mismatch: the blob received is {got}\n\
             hint: a mirror, proxy or store has altered it: pull it from elsewhere\n"
        ),
    );

    let chart = Image::new().layer(hello_layer());
    let chart = chart
        .manifest(|manifest| {
            manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into()
        })
        .build();
    scene.registry.push("acme/chart", "1", &chart);
    let digest = &chart.manifest.digest;
    let artifact =
        "not an image but an artifact of type `application/vnd.cncf.helm.config.v1+json`";
    let hint = "a chart is fetched with `helm pull`";
    scene.fails(
        "acme/chart:1",
        5,
        &format!("roots: {{host}}/acme/chart:1: {digest}: {artifact}\nhint: {hint}\n"),
    );

    let bytes = b"{\"schemaVersion\":2}";
    let registry = &scene.registry;
    registry.put_manifest("acme/tool", "bad", docker::MANIFEST, bytes);
    let bad = crate::support::sha256(bytes);
    scene.fails(
        "acme/tool:bad",
        5,
        &format!("roots: {{host}}/acme/tool:bad: {bad}: malformed: no config\n"),
    );
}

#[test]
fn code_6_is_the_destination_or_the_disk() {
    let Scene {
        sandbox,
        registry,
        name,
    } = Scene::new();
    sandbox.write("dest/mine", "mine");
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(6);
    assert_eq!(
        run.stderr,
        "roots: dest: it is not empty\nhint: add --force to replace it\n"
    );
    assert_eq!(sandbox.names("dest"), ["mine"]);
    assert_eq!(registry.lines(), [""; 0]);
}

#[test]
fn code_3_is_also_what_is_not_on_this_machine() {
    let scene = Scene::new();
    scene.sandbox.mkdir("folder");
    let run = scene.sandbox.roots(["inspect", "folder"]).run().fails(3);
    assert_eq!(
        run.stderr,
        "roots: folder: no record of a pull\nhint: for the image of this name, write docker.io/library/folder:latest\n"
    );
    let offline = ["pull", "--offline", &scene.name, "dest"];
    let run = scene.sandbox.roots(offline).run().fails(3);
    let said = "the cache has no digest for this name";
    let hint = "hint: pull it once without --offline";
    assert_eq!(
        run.stderr,
        format!("roots: {}: {said}\n{hint}\n", scene.name)
    );
    scene.sandbox.assert_nothing_left();
}

#[test]
fn code_10_is_unchanged() {
    let scene = Scene::new();
    let update = ["pull", "--update", "--exit-code", &scene.name, "dest"];
    scene.sandbox.roots(update).run().succeeds();
    let run = scene.sandbox.roots(update).run();
    assert_eq!(run.code, Some(10));
    assert_eq!(run.stderr, "dest: unchanged\n");
    run.prints(&format!("{}\n", hello().manifest.digest));
}

#[test]
fn code_75_is_try_again_later() {
    let scene = Scene::new();
    let manifest = "http://{host}/v2/acme/tool/manifests/1";
    let too_many = "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}";
    let limit = "hint: try again later; most limits are higher with --auth\n";
    for (fault, said) in [
        (
            Fault::status_with(429, &[], too_many),
            format!("roots: {manifest}: status 429: TOOMANYREQUESTS slow down\n{limit}"),
        ),
        (
            Fault::status_with(502, &[], "<html>\n</html>"),
            format!(
                "roots: {manifest}: status 502\n\
                 hint: try again later; if it lasts, contact the administrator of the registry\n"
            ),
        ),
    ] {
        scene.registry.fault("/manifests/", ALWAYS, fault);
        scene.fails("acme/tool:1", 75, &said);
        scene.registry.recover();
    }
    let nobody = Registry::start().host();
    let run = scene
        .sandbox
        .roots(["pull", &format!("{nobody}/a:1"), "dest"])
        .run()
        .fails(75);
    let refused = format!(
        "roots: http://{nobody}/v2/a/manifests/1: connection refused\nhint: check host and port, and that a registry runs there\n"
    );
    assert_eq!(run.stderr, refused);
    scene.sandbox.assert_nothing_left();
}

#[test]
fn code_128_and_more_is_a_signal() {
    let Scene {
        sandbox,
        registry,
        name,
    } = Scene::new();
    registry.fault("/blobs/", ALWAYS, Fault::Hold(5));
    let shell = sandbox
        .roots(["pull", &name, "dest"])
        .prelude("\"$0\" \"$@\" & trap 'kill -TERM $!' USR1; wait $!; wait $!; exit $?");
    let running = shell.spawn();
    registry.wait_for("/blobs/", 1);
    running.signal(Signal::USR1);
    let run = running.wait();
    assert_eq!(run.code, Some(128 + Signal::TERM.as_raw()), "{run:?}");
    assert!(!sandbox.has("dest"));
}
