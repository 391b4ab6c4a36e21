//! Bytes as the words of registries: nothing panics, and what is accepted can do no harm where it is used.
#![no_main]

mod peak;

use libfuzzer_sys::fuzz_target;
use roots::oci::{
    Config, Digest, Document, EntryDigest, Image, MediaKind, Platform, PlatformRequest, Reference,
    RunConfig,
};

// These are private to the room that speaks with registries, and stand alone.
#[allow(dead_code)]
#[path = "../../src/registry/auth/challenge.rs"]
mod challenge;
#[allow(dead_code)]
#[path = "../../src/registry/error_body.rs"]
mod error_body;
#[allow(dead_code)]
#[path = "../../src/registry/http/url.rs"]
mod url;

// What they import.
use roots::{oci, progress};

fuzz_target!(|data: &[u8]| {
    peak::bounded(|| {
        documents(data);
        assert!(
            error_body::ErrorBody::read(data, progress::Progress::silent())
                .message
                .chars()
                .count()
                <= 300
        );
        if let Ok(text) = std::str::from_utf8(data) {
            let _ = MediaKind::of(text);
            digest(text);
            platform(text);
            reference(text);
            challenges(text);
            urls(text);
        }
    });
});

fn documents(data: &[u8]) {
    let about = RunConfig::parse(data);
    assert!(about.malformed.len() <= 10 && about.user.as_deref() != Some(""));
    let config = Config::parse(data);
    if let Ok(config) = &config {
        let _ = config.platform();
        config.diff_ids().iter().for_each(is_safe);
    }
    for said in ["", "application/vnd.oci.image.manifest.v1+json"] {
        match Document::parse(&data.to_vec().into(), said) {
            Ok(Document::Index(index)) => {
                index.each(|entry| {
                    if let EntryDigest::Known(digest) = &entry.digest {
                        is_safe(digest);
                    }
                    let _ = (entry.is_attestation(), entry.kind());
                    if let Some(offered) = entry.platform() {
                        rank(&offered);
                    }
                });
            }
            Ok(Document::Manifest(manifest)) => {
                let Ok(config) = &config else { continue };
                if let Ok(image) =
                    Image::new(Digest::sha256(data), Digest::sha256(data), manifest, config)
                {
                    assert_eq!(image.layers.len(), config.diff_ids().len());
                    image.blobs().for_each(is_safe);
                }
            }
            Err(_) => {}
        }
    }
}

/// A digest becomes part of a URL and a file name.
fn is_safe(digest: &Digest) {
    let hex = digest.hex();
    assert!(matches!(hex.len(), 64 | 128));
    assert!(hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
}

fn digest(text: &str) {
    if let Ok(digest) = Digest::parse(text) {
        is_safe(&digest);
        assert_eq!(digest.to_string(), text);
    }
}

fn platform(text: &str) {
    if let Ok(platform) = Platform::parse(text) {
        let again = Platform::parse(&platform.to_string());
        assert_eq!(again.as_ref(), Ok(&platform), "{text}");
        assert_eq!(rank(&platform), Some(0), "{text}");
    }
}

/// How well a platform suits one who asks for just that.
fn rank(platform: &Platform) -> Option<usize> {
    let wanted = PlatformRequest {
        platform: platform.clone(),
        explicit: true,
    };
    wanted.rank(platform)
}

/// What a reference is made of becomes part of URLs.
fn reference(text: &str) {
    let Ok(reference) = Reference::parse(text) else {
        return;
    };
    let path = format!("{}/{}", reference.repository(), reference.identifier());
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/:".contains(&b);
    assert!(path.bytes().all(plain), "{text}");
    let climbs = |name| matches!(name, "" | "." | "..");
    assert!(!path.split('/').any(climbs), "{text}");
    let host = reference.api_host();
    assert!(
        url::Url::parse(&format!("https://{host}/v2/")).is_some(),
        "{text}"
    );
    assert!(!url::host_of(host).is_empty(), "{text}");
    let again = Reference::parse(&reference.to_string());
    assert_eq!(
        again.map(|again| again.to_string()),
        Ok(reference.to_string())
    );
}

fn challenges(text: &str) {
    for challenge in challenge::parse(text) {
        assert!(!challenge.scheme.is_empty());
        assert!(challenge.parameter("realm") != Some(""));
    }
}

fn urls(text: &str) {
    let registry = url::Url::parse("https://registry.example:5000/v2/a/b?c").expect("a URL");
    for url in [url::Url::parse(text), registry.join(text)]
        .into_iter()
        .flatten()
    {
        let wire = url.to_wire();
        assert!(wire.bytes().all(|b| b.is_ascii_graphic()), "{text}");
        assert_eq!(url::Url::parse(&wire).as_ref(), Some(&url), "{text}");
        let with = url.clone().with_parameter("scope", text);
        assert!(with.same_origin(&url), "{text}");
        assert!(
            with.to_wire().bytes().all(|b| b.is_ascii_graphic()),
            "{text}"
        );
    }
}
