//! Broken wires: a pull goes on where it can, asks again where that may help, and gives up where it does not. Each case
//! says what breaks, what comes of it, and all that was asked for; and after each failure the same command against the
//! same registry, healthy again, gives the right tree.

use crate::support::sandbox::Command;
use crate::support::{
    Built, Compression, Fault, Image, Layer, Random, Registry, Request, Run, Sandbox, TokenRules,
    tree,
};

pub(crate) mod addresses;
mod ahead;
mod endless;
mod framing;
mod interim;
mod partial;
mod partial_spoilt;
mod ranges;
mod redirects;
mod resume;
mod retries;
mod retry_after;
mod several;
mod stalls;
mod two_pulls;

/// The size of each layer.
pub(crate) const SIZE: usize = 4608;

/// An image of so many layers, each of them a plain tar of [`SIZE`] bytes with one file.
pub(crate) fn image(layers: usize) -> Built {
    let image = (1..=layers).fold(Image::new(), |image, n| {
        let contents = Random::new(n as u64).bytes(3000);
        let layer = Layer::new().file(format!("file-{n}"), 0o644, contents);
        image.layer(layer).compressed(Compression::None)
    });
    let image = image.build();
    assert!(image.layers.iter().all(|layer| layer.bytes.len() == SIZE));
    image
}

/// One image behind a wire that breaks.
pub(crate) struct Wire {
    pub(crate) sandbox: Sandbox,
    pub(crate) registry: Registry,
    /// Where blobs are redirected to, if they are.
    pub(crate) storage: Option<Registry>,
    pub(crate) image: Built,
    what: String,
    retries: u32,
    arguments: Vec<String>,
}

impl Wire {
    /// An image of so many layers in a registry, pulled without retries.
    pub(crate) fn new(what: &str, layers: usize) -> Self {
        let (sandbox, registry) = (Sandbox::new("wires"), Registry::start());
        let image = image(layers);
        registry.push("a/b", "1", &image);
        Self {
            sandbox,
            registry,
            storage: None,
            image,
            what: what.to_owned(),
            retries: 0,
            arguments: Vec::new(),
        }
    }

    /// Has each request made again so often.
    pub(crate) fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// Adds an argument to the pull.
    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Asks for tokens.
    pub(crate) fn tokens(self, rules: TokenRules) -> Self {
        self.registry.require_token(rules);
        self
    }

    /// Sends clients to another host for blobs, with addresses that are good for one request.
    pub(crate) fn storage(mut self) -> Self {
        let storage = Registry::start();
        self.registry.redirect_blobs_to(&storage);
        self.registry.redirects_expire();
        self.storage = Some(storage);
        self
    }

    /// Spoils answers about a part of the image, in the words of [`Wire::asked`].
    pub(crate) fn fault(self, part: &str, times: usize, fault: Fault) -> Self {
        let (server, part) = match part.strip_prefix("storage ") {
            Some(part) => (self.storage.as_ref().unwrap(), part),
            None => (&self.registry, part),
        };
        let part = match part {
            "manifest" => "/manifests/",
            "token" => "/token",
            "config" => &self.image.config.digest,
            layer => &self.image.layers[number(layer) - 1].digest,
        };
        server.fault(part, times, fault);
        self
    }

    /// The command.
    pub(crate) fn pull(&self) -> Command {
        let name = self.registry.image("a/b:1");
        let command = self.sandbox.roots(["pull", &name, "dest"]);
        let command = command.args(&self.arguments);
        command.env("ROOTS_RETRIES", self.retries.to_string())
    }

    /// Pulls, which must succeed after these requests.
    #[track_caller]
    pub(crate) fn pulls(&self, asked: &[&str]) -> Run {
        let run = self.pull().run().succeeds();
        assert_eq!(self.asked(), asked, "{}:\n{}", self.what, run.stderr);
        self.assert_pulled();
        run
    }

    /// Pulls, which must fail with this code and say this after these requests; then, with nothing broken, it succeeds.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, why: &str, asked: &[&str]) -> Run {
        let run = self.pull().run().fails(code).says(why);
        assert_eq!(self.asked(), asked, "{}:\n{}", self.what, run.stderr);
        self.sandbox.assert_nothing_left();
        self.registry.recover();
        self.storage.iter().for_each(Registry::recover);
        self.pull().run().succeeds();
        self.assert_pulled();
        run
    }

    /// Asserts that there is the right tree, and nothing but whole blobs in the cache.
    #[track_caller]
    pub(crate) fn assert_pulled(&self) {
        let dest = self.sandbox.path("dest");
        let files = (1..=self.image.layers.len()).map(|n| format!("f 0644 3000 file-{n}\n"));
        assert_eq!(
            tree::sketch(&dest),
            files.collect::<String>(),
            "{}",
            self.what
        );
        for n in 1..=self.image.layers.len() {
            let contents = self.sandbox.read(format!("dest/file-{n}"));
            assert_eq!(contents, Random::new(n as u64).bytes(3000), "{}", self.what);
        }
        if self.sandbox.has("cache") {
            assert_eq!(self.sandbox.cached().len(), 1 + self.image.layers.len());
            assert_eq!(self.partials(), [""; 0], "{}", self.what);
        }
    }

    /// What is left of broken pulls in the cache.
    pub(crate) fn partials(&self) -> Vec<String> {
        let names = self.sandbox.names("cache/blobs/sha256").into_iter();
        names.filter(|name| name.starts_with('.')).collect()
    }

    /// Where the cache has a layer that is on its way.
    pub(crate) fn partial(&self, layer: usize) -> String {
        format!("cache/blobs/sha256/.{}", self.image.layers[layer - 1].hex())
    }

    /// What was asked for: `manifest`, `token`, `config`, `layer 1`, `layer 1 bytes=100-`; other methods than GET and
    /// requests to the storage server say so in front.
    pub(crate) fn asked(&self) -> Vec<String> {
        let own = self.registry.requests();
        own.iter().map(|request| self.words(request)).collect()
    }

    fn words(&self, request: &Request) -> String {
        let layers = self.image.layers.iter().zip(1..);
        let mut named = layers.map(|(layer, n)| (layer, format!("layer {n}")));
        let path = request.path();
        let part = match &path {
            path if path.contains("/manifests/") => "manifest".to_owned(),
            path if path.ends_with(&self.image.config.digest) => "config".to_owned(),
            path => named
                .find(|(layer, _)| path.ends_with(&layer.digest))
                .map_or_else(|| path.trim_start_matches('/').to_owned(), |found| found.1),
        };
        let method = match request.method.as_str() {
            "GET" => String::new(),
            other => format!("{other} "),
        };
        let range = request.header("range").map(|range| format!(" {range}"));
        format!("{method}{part}{}", range.unwrap_or_default())
    }

    /// What the storage server was asked for, in the same words.
    pub(crate) fn stored(&self) -> Vec<String> {
        let requests = self.storage.iter().flat_map(Registry::requests);
        requests.map(|request| self.words(&request)).collect()
    }
}

fn number(layer: &str) -> usize {
    let number = layer.strip_prefix("layer ").map(str::parse);
    number.expect("a part of an image").expect("a number")
}

/// Tries all cases at once: most of their time is spent in pauses.
pub(crate) fn each<T: Send>(cases: impl IntoIterator<Item = T>, try_one: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        let tries: Vec<_> = cases
            .into_iter()
            .map(|case| scope.spawn(|| try_one(case)))
            .collect();
        for tried in tries {
            if let Err(panic) = tried.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}
