//! There is something, and no tree can be made of it.

use super::Scene;
use crate::support::image::oci;
use crate::support::{
    ALWAYS, Compression, Fault, Image, Index, Layer, hello, hello_layer, marked, sha256,
};

pub(super) fn chapter(scene: &mut Scene) {
    let index = Index::new()
        .image(&marked("a", "linux", "amd64", None))
        .image(&marked("b", "linux", "arm", Some("v7")))
        .build();
    scene.registry.push_index("acme/index", "1", &index);
    let asked = "pull --platform linux/s390x HOST/acme/index:1 ./tree";
    scene.typed("not for this platform", asked);
    scene.typed(
        "no such path",
        "pull --include /usr/bin/* HOST/acme/tool:1 ./tree",
    );
    scene.typed("too large", "pull --max-size 3 HOST/acme/tool:1 ./tree");
    scene
        .sandbox
        .write("lock", format!("HOST/x@sha256:{}\n", "0".repeat(64)));
    scene.stands_for(hello().manifest.digest, "sha256:MANIFEST");
    scene.stands_for("0".repeat(64), "ZEROS");
    scene.typed(
        "not in the lock",
        "pull --locked lock HOST/acme/tool:1 ./tree",
    );
    scene
        .sandbox
        .write("digest", format!("sha256:{}\n", "0".repeat(64)));
    scene.typed(
        "locked to another",
        "pull --locked digest HOST/acme/tool:1 ./tree",
    );
    altered(scene);
    others(scene);
    broken(scene);
}

fn altered(scene: &mut Scene) {
    let layer = hello().layers[0].clone();
    let mut bytes = layer.bytes.clone();
    bytes[30] ^= 0xff;
    scene.stands_for(layer.digest.clone(), "sha256:LAYER");
    scene.stands_for(sha256(bytes), "sha256:ANOTHER");
    // How far it can be compressed depends on the processor.
    scene.stands_for(format!("{} bytes", layer.bytes.len()), "100 bytes");
    scene
        .registry
        .fault(&layer.digest, ALWAYS, Fault::Corrupt(30));
    scene.typed(
        "a byte has changed on the way",
        "pull --cache no HOST/acme/tool:1 ./tree",
    );
    scene.registry.recover();
    scene
        .registry
        .fault(&layer.digest, ALWAYS, Fault::Append(b"more".to_vec()));
    scene.typed(
        "more came than there is",
        "pull --cache no HOST/acme/tool:1 ./tree",
    );
    scene.registry.recover();
}

fn others(scene: &mut Scene) {
    let of_config = |kind: &'static str| {
        let image = Image::new().layer(hello_layer());
        image
            .manifest(move |manifest| manifest["config"]["mediaType"] = kind.into())
            .build()
    };
    let of_layer = |kind: &str| Image::new().layer(hello_layer()).labelled(kind).build();
    for (title, image) in [
        (
            "a chart",
            of_config("application/vnd.cncf.helm.config.v1+json"),
        ),
        (
            "an artifact",
            of_config("application/vnd.example.thing+json"),
        ),
        (
            "an encrypted layer",
            of_layer("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"),
        ),
        (
            "a layer of no kind",
            of_layer("application/vnd.example.layer"),
        ),
    ] {
        scene.registry.push("acme/other", "1", &image);
        scene.stands_for(image.manifest.digest.clone(), "sha256:OTHER");
        scene.typed(title, "pull HOST/acme/other:1 ./tree");
    }
    let schema_1 = "{\"schemaVersion\":1,\"name\":\"acme/old\",\"tag\":\"1\",\"fsLayers\":[]}";
    let kind = "application/vnd.docker.distribution.manifest.v1+json";
    scene.registry.put_manifest("acme/old", "1", kind, schema_1);
    scene.stands_for(sha256(schema_1), "sha256:OLD");
    scene.typed("an image of long ago", "pull HOST/acme/old:1 ./tree");
}

fn broken(scene: &mut Scene) {
    let with = |layer: Layer| {
        Image::new()
            .layer(layer)
            .compressed(Compression::None)
            .build()
    };
    for (title, image) in [
        (
            "a name that climbs",
            with(Layer::new().file("../up", 0o644, "up")),
        ),
        ("a link to nothing", with(Layer::new().hardlink("b", "a"))),
        ("no tar", Image::new().layer_tar(*b"text").build()),
        ("another layer than the config says", {
            Image::new()
                .layer_bytes(oci::LAYER, Layer::new().tar(), &sha256("x"))
                .build()
        }),
    ] {
        scene.registry.push("acme/broken", "1", &image);
        scene.stands_for(image.layers[0].digest.clone(), "sha256:BROKEN");
        scene.typed(title, "pull HOST/acme/broken:1 ./tree");
    }
}
