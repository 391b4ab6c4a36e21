//! The forms in which tools and registries have one and the same image.

use super::docker_registry::DockerRegistry;
use super::peer;
use crate::support::Sandbox;
use crate::support::tree::{self, Tree};

/// An image in every form that skopeo can give it.
pub(super) struct Forms<'s> {
    sandbox: &'s Sandbox,
    _registry: DockerRegistry,
    forms: Vec<Form>,
}

/// An image in one form.
struct Form {
    /// What `roots` calls it.
    name: String,
    /// What skopeo calls it.
    peer: String,
    /// What its layers are labelled with.
    layers: &'static str,
}

impl<'s> Forms<'s> {
    /// Has skopeo write `image` of the layout in all forms.
    pub(super) fn of(sandbox: &'s Sandbox, layout: &str) -> Self {
        let registry = DockerRegistry::start(sandbox);
        let path = |name: &str| sandbox.path(name).display().to_string();
        let image = format!("oci:{}:image", path(layout));
        let mut forms = Vec::new();
        let mut push = |source: &str, tag: &str, options: &[&str], layers| {
            let name = registry.name("some/image", tag);
            let peer = format!("docker://{name}");
            peer::copy(source, &peer, options);
            forms.push(Form { name, peer, layers });
        };
        let gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
        push(&image, "oci", &["--format=oci"], gzip);
        let docker = "application/vnd.docker.image.rootfs.diff.tar.gzip";
        push(&image, "docker", &["--format=v2s2"], docker);

        // skopeo compresses anew on the way to a plain folder only.
        let folder = format!("dir:{}", path("zstd"));
        let options = ["--dest-compress", "--dest-compress-format=zstd"];
        peer::copy(&image, &folder, &options);
        let zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
        push(&folder, "zstd", &[], zstd);

        let folder = format!("dir:{}", path("plain"));
        peer::copy(&image, &folder, &["--dest-decompress"]);
        let layout = format!("oci:{}:plain", path("written"));
        peer::copy(&folder, &layout, &["--dest-oci-accept-uncompressed-layers"]);
        forms.push(Form {
            name: layout.clone(),
            peer: layout,
            layers: "application/vnd.oci.image.layer.v1.tar",
        });
        Self {
            sandbox,
            _registry: registry,
            forms,
        }
    }

    /// Pulls each form, has `check` look at the tree, and compares digests with what skopeo says.
    #[expect(clippy::print_stdout, reason = "what was compared, for the log")]
    pub(super) fn each(&self, check: impl Fn(Tree)) {
        for Form { name, peer, layers } in &self.forms {
            println!("{name}: {layers}");
            let manifest = peer::manifest(peer);
            for layer in manifest["layers"].as_array().unwrap() {
                assert_eq!(layer["mediaType"], *layers, "what skopeo wrote as {name}");
            }
            let digest = peer::digest(peer);
            let roots = |arguments: &[&str]| self.sandbox.roots(arguments).run().succeeds();
            roots(&["digest", name]).prints(&digest);
            roots(&["digest", "--index", name]).prints(&digest);
            roots(&["pull", "--force", name, "dest"]).prints(&digest);
            check(tree::list(self.sandbox.path("dest")));
        }
    }
}
