//! Documents of a few megabytes that hold as much as a few megabytes can.

use super::{ANY, PULL, Taken};
use crate::support::image::{Built, oci};
use crate::support::{
    Blob, HELLO, Image, Index, Layer, Layout, Registry, Sandbox, hello, hello_layer, sha256, tree,
};
use serde_json::{Value, json};

/// Elements, as many as there is room for it in so many bytes, with `between` in between.
fn filled(start: &str, element: impl Fn(usize) -> String, end: &str, size: usize) -> String {
    let mut text = start.to_owned();
    for number in 0.. {
        let element = element(number);
        if text.len() + element.len() + end.len() + 1 > size {
            break;
        }
        if number > 0 {
            text.push(',');
        }
        text += &element;
    }
    text + end
}

/// Nearly as much as a document may have.
const LARGE: usize = 8_200_000;

/// An entry of an index, as short as it can be.
fn entry(number: usize) -> String {
    let platform = json!({"os": "linux", "architecture": format!("x{number}")});
    json!({"mediaType": oci::MANIFEST, "digest": sha256("x"), "size": 1, "platform": platform})
        .to_string()
}

/// What a run of roots with these arguments and the image takes; nothing where that cannot be measured.
fn taken(sandbox: &Sandbox, arguments: &[&str]) -> Option<Taken> {
    Taken::by(sandbox, sandbox.roots(arguments))
}

#[test]
fn nested_indexes_are_as_long_as_one_document_together() {
    let (sandbox, registry) = (Sandbox::new("amplification"), Registry::start());
    let start = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":["#,
        oci::INDEX
    );
    let outer = (0..12).fold(Index::new(), |index, number| {
        let inner = Blob::new(
            oci::INDEX,
            filled(&start, |n| entry(n * 12 + number), "]}", 1_000_000),
        );
        registry.put_manifest("a/b", &inner.digest, oci::INDEX, &inner.bytes);
        index.entry(inner.descriptor())
    });
    let name = registry.push_index("a/b", "1", &outer.build());
    let why = "malformed: with the documents that it leads to longer than 8388608 bytes";
    for arguments in [
        &["pull", "--cache=no", &name, "dest"][..],
        &["digest", &name],
        &["save", "--cache=no", "--all-platforms", &name, "-o", "x"],
    ] {
        let Some(taken) = taken(&sandbox, arguments) else {
            return;
        };
        taken.within(PULL).run.clone().fails(5);
    }
    sandbox.roots(["digest", &name]).run().fails(5).says(why);
    // As far as they are read, they are listed.
    let Some(taken) = taken(&sandbox, &["inspect", &name]) else {
        return;
    };
    taken.within(ANY).run.clone().fails(5).says(why);
}

/// Pulls an image by an index of these bytes.
fn pull_by(index: &str) -> Option<(Sandbox, Taken)> {
    let (sandbox, registry) = (Sandbox::new("amplification"), Registry::start());
    registry.push("a/b", "image", &hello());
    registry.put_manifest("a/b", "1", oci::INDEX, index);
    let name = registry.image("a/b:1");
    let taken = taken(&sandbox, &["pull", &name, "dest"])?;
    Some((sandbox, taken))
}

#[test]
fn an_index_is_read_entry_by_entry() {
    let hello = hello().descriptor();
    let end = format!(",{hello}]}}");
    let start = r#"{"schemaVersion":2,"manifests":["#;
    // As many as there may be, and few of which each says a lot.
    let annotated = |_| {
        let pairs: serde_json::Map<_, _> = (0..4000)
            .map(|number| (format!("{number:x}"), Value::from("")))
            .collect();
        json!({"mediaType": oci::MANIFEST, "digest": sha256("x"), "size": 1, "annotations": pairs})
            .to_string()
    };
    for index in [
        filled(start, entry, &end, 3_500_000),
        filled(start, annotated, &end, LARGE),
    ] {
        let Some((sandbox, taken)) = pull_by(&index) else {
            return;
        };
        taken.within(PULL).run.clone().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    }
    let index = filled(start, entry, "]}", LARGE);
    if let Some((_, taken)) = pull_by(&index) {
        let run = taken.within(PULL).run.clone().fails(5);
        run.says("malformed: more elements than any image has");
    }
}

/// A manifest of an image, changed.
fn manifest(image: &Built, change: impl FnOnce(&mut Value)) -> String {
    let mut manifest: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
    change(&mut manifest);
    manifest.to_string()
}

#[test]
fn a_manifest_of_a_hundred_thousand_layers_is_refused() {
    let layer = json!({"mediaType": oci::LAYER, "digest": sha256("x"), "size": 0}).to_string();
    let many = manifest(&hello(), |manifest| manifest["layers"] = json!("LAYERS"));
    let many = many.replace(
        "\"LAYERS\"",
        &filled("[", |_| layer.clone(), "]", LARGE - 1000),
    );
    // What a layer says beside that is not kept.
    let annotated = manifest(&hello(), |manifest| {
        let pairs = (0..600_000).map(|number| (format!("{number:x}"), Value::from("")));
        manifest["layers"][0]["annotations"] = Value::Object(pairs.collect());
    });
    for (manifest, why) in [
        (many, Some("malformed: more elements than any image has")),
        (annotated, None),
    ] {
        let (sandbox, registry) = (Sandbox::new("amplification"), Registry::start());
        registry.push("a/b", "image", &hello());
        registry.put_manifest("a/b", "1", oci::MANIFEST, &manifest);
        let name = registry.image("a/b:1");
        for arguments in [
            &["pull", &name, "dest"][..],
            &["save", "--all-platforms", &name, "-o", "image.tar"],
        ] {
            let Some(taken) = taken(&sandbox, arguments) else {
                return;
            };
            let run = taken.within(PULL).run.clone();
            match why {
                Some(why) => run.fails(5).says(why),
                None => run.succeeds(),
            };
        }
    }
}

#[test]
fn what_is_wrong_with_a_document_is_told_shortly() {
    let long = "\u{202e}".repeat(LARGE / 4);
    for change in ["schemaVersion", "mediaType", "config"] {
        let (sandbox, registry) = (Sandbox::new("amplification"), Registry::start());
        let bytes = manifest(&hello(), |manifest| manifest[change] = long.clone().into());
        registry.put_manifest("a/b", "1", oci::MANIFEST, &bytes);
        let name = registry.image("a/b:1");
        let Some(taken) = taken(&sandbox, &["pull", &name, "dest"]) else {
            return;
        };
        let run = taken.within(ANY).run.clone().fails(5);
        assert!(run.stderr.len() < 5000, "{} bytes", run.stderr.len());
    }
}

/// An image whose config has these fields beside those that a pull needs.
fn with_config(fields: &str) -> Built {
    let image = hello();
    let config = String::from_utf8(image.config.bytes).unwrap();
    // Of two fields of one name, the later one counts.
    let config = format!("{},{fields}}}", config.strip_suffix('}').unwrap());
    let config = Blob::new(oci::CONFIG, config);
    let mut manifest: Value = serde_json::from_slice(&image.manifest.bytes).unwrap();
    manifest["config"] = config.descriptor();
    Built {
        manifest: Blob::json(oci::MANIFEST, &manifest),
        config,
        ..image
    }
}

#[test]
fn a_config_is_read_into_what_is_used() {
    for (start, element, end, why) in [
        (r#""history":["#, "[]", "]", None),
        (r#""history":["#, "{}", "]", None),
        (r#""config":{"Env":["#, "[]", "]}", Some("Env")),
        (r#""config":{"Env":["#, "{}", "]}", Some("Env")),
        (r#""config":{"Cmd":["#, r#""""#, "]}", Some("Cmd")),
        (r#""config":{"Labels":{"#, r#""N":"""#, "}}", None),
        (r#""config":{"ExposedPorts":{"#, r#""N":{}"#, "}}", None),
    ] {
        let element = |number: usize| element.replace('N', &format!("{number:x}"));
        let image = with_config(&filled(start, element, end, LARGE));
        let sandbox = Sandbox::new("amplification");
        Layout::new()
            .image("", &image)
            .write(sandbox.path("layout"));
        for arguments in [
            &["inspect", "./layout"][..],
            &["inspect", "--json", "./layout"],
        ] {
            let Some(taken) = taken(&sandbox, arguments) else {
                return;
            };
            let run = taken.within(ANY).run.clone().succeeds();
            assert!(run.stdout.len() < 10_000, "{} bytes", run.stdout.len());
        }
        let pull = ["pull", "--nspawn", "--cache=no", "./layout", "dest"];
        let Some(taken) = taken(&sandbox, &pull) else {
            return;
        };
        let run = taken.within(PULL).run.clone();
        match why {
            Some(field) => run
                .fails(5)
                .says(&format!("malformed: {field} in its config")),
            None => run.succeeds(),
        };
    }
}

#[test]
fn the_settings_for_systemd_are_no_longer_than_it_reads() {
    // A quote takes five bytes there.
    let word = "\\\"".repeat(300_000);
    for field in ["Cmd", "Env"] {
        let image = with_config(&filled(
            &format!(r#""config":{{"{field}":["#),
            |number| format!(r#""A{number}={word}""#),
            "]}",
            LARGE,
        ));
        let sandbox = Sandbox::new("amplification");
        Layout::new()
            .image("", &image)
            .write(sandbox.path("layout"));
        let pull = ["pull", "--nspawn", "--cache=no", "./layout", "dest"];
        let Some(taken) = taken(&sandbox, &pull) else {
            return;
        };
        taken.within(PULL + (4 << 10)).run.clone().succeeds();
        assert!(sandbox.read("dest.nspawn").len() < 2_000_000);
    }
}

#[test]
fn a_list_of_images_is_read_image_by_image() {
    let image = hello();
    let archive = |list: &str| {
        let tar = Layer::new().file("manifest.json", 0o644, list);
        let tar = tar.file("config.json", 0o644, &image.config.bytes);
        tar.file("layer.tar", 0o644, hello_layer().tar()).tar()
    };
    let own = r#"{"Config":"config.json","RepoTags":["a:1"],"Layers":["layer.tar"]}"#;
    for (start, element, end, why) in [
        ("[", r#"{"Config":""}"#, &format!(",{own}]")[..], None),
        (
            r#"[{"Config":"c","Layers":["#,
            r#""""#,
            "]}]",
            Some("its manifest.json"),
        ),
    ] {
        let list = filled(start, |_| element.to_owned(), end, LARGE);
        let sandbox = Sandbox::new("amplification");
        sandbox.write("image.tar", archive(&list));
        let pull = ["pull", "--cache=no", "docker-archive:image.tar:a:1", "dest"];
        let Some(taken) = taken(&sandbox, &pull) else {
            return;
        };
        let run = taken.within(PULL).run.clone();
        match why {
            Some(why) => run.fails(5).says(why),
            None => run.succeeds(),
        };
    }
}

#[test]
fn a_layout_of_many_images_is_read_image_by_image() {
    let named = |number: usize| {
        let name = format!("image-{number}");
        let annotations = json!({"org.opencontainers.image.ref.name": name});
        json!({"mediaType": oci::MANIFEST, "digest": sha256("x"), "size": 1, "annotations": annotations})
            .to_string()
    };
    let (sandbox, image) = (Sandbox::new("amplification"), hello());
    Layout::new()
        .image("own", &image)
        .write(sandbox.path("layout"));
    let mut own = image.descriptor();
    own["annotations"] = json!({"org.opencontainers.image.ref.name": "own"});
    let start = r#"{"schemaVersion":2,"manifests":["#;
    let index = filled(start, named, &format!(",{own}]}}"), 3_500_000);
    sandbox.write("layout/index.json", index);
    for (name, code) in [
        ("oci:layout:own", 0),
        ("oci:layout", 3),
        ("oci:layout:none", 3),
    ] {
        let Some(taken) = taken(&sandbox, &["pull", "--cache=no", "--force", name, "dest"]) else {
            return;
        };
        let run = taken.within(PULL).run.clone();
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.stderr.len() < 100_000, "{} bytes", run.stderr.len());
    }
}

#[test]
fn a_thousand_layers_that_are_one_are_looked_at_once() {
    let image = (0..1000).fold(Image::new(), |image, _| image.layer(hello_layer()));
    let (sandbox, registry) = (Sandbox::new("amplification"), Registry::start());
    let name = registry.push("a/b", "1", &image.build());
    for arguments in [
        &["pull", "--dry-run", &name, "dest"][..],
        &["inspect", &name],
        &["save", &name, "-o", "image.tar"],
        &["pull", &name, "dest"],
        &["verify", "dest"],
    ] {
        let Some(taken) = taken(&sandbox, arguments) else {
            return;
        };
        taken.within(PULL).run.clone().succeeds();
    }
}
