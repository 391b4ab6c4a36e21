//! The workshop of the tests: nouns that build images, serve them, run the binary and look at what came out.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a toolbox for every test module of one binary: not each tool is in use at all times"
)]

/// What some tests need and not every machine has.
pub mod ability;
/// Files and folders around a destination that no image may touch.
pub mod canary;
/// Authorities, and the certificates they sign.
pub mod certificates;
/// The help pages, read again.
pub mod help;
/// Layers to blobs, manifests, configs and indexes, right or spoilt.
pub mod image;
/// Images as an OCI layout folder or archive.
pub mod layout;
/// A kernel whose renames know no flags.
pub mod plain_renames;
/// A forward proxy.
pub mod proxy;
/// Numbers that look random.
pub mod random;
/// A strict registry on loopback, with faults to order.
pub mod registry;
/// The smallest images.
pub mod sample;
/// A temporary folder, and the binary run in it.
pub mod sandbox;
/// An instance of sigstore, and everything that people sign with it.
pub mod sigstore;
/// Layers as raw tar bytes, oddities included.
pub mod tar;
/// A terminal, and what stands on it.
pub mod terminal;
/// TLS in front of a server.
pub mod tls;
/// The binary, stopped at each of its system calls.
pub mod traced;
/// What a tree on disk really is, and how two of them differ.
pub mod tree;
/// One image for one case, and what came of it.
pub mod trial;

pub use ability::Ability;
pub use canary::Canary;
pub use certificates::{Authority, Identity};
pub use image::{Blob, Built, BuiltIndex, Compression, Image, Index, host_platform, sha256};
pub use layout::Layout;
pub use plain_renames::plain_renames;
pub use proxy::Proxy;
pub use random::Random;
pub use registry::{ALWAYS, Fault, ReferrersApi, Registry, Request, TokenRules};
pub use sample::{HELLO, hello, hello_layer, marked};
pub use sandbox::{Run, Sandbox, not_ignored};
pub use tar::Layer;
pub use tls::TlsFront;
pub use traced::{Call, Traced};
pub use trial::{Outcome, Trial};
