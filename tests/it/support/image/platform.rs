//! What images are for.

use serde_json::{Value, json};

/// The machine the tests run on, in the words of images: operating system, architecture, variant.
pub fn host_platform() -> (&'static str, &'static str, Option<&'static str>) {
    let (architecture, variant) = match std::env::consts::ARCH {
        "x86_64" => ("amd64", None),
        "aarch64" => ("arm64", None),
        "x86" => ("386", None),
        "arm" => ("arm", Some("v6")), // the least that Rust's std runs on, so what every host can run
        "powerpc64" => ("ppc64le", None),
        "loongarch64" => ("loong64", None),
        same => (same, None),
    };
    ("linux", architecture, variant)
}

/// A platform object; without a variant there is no such key.
pub fn platform(os: &str, architecture: &str, variant: Option<&str>) -> Value {
    let mut platform = json!({"os": os, "architecture": architecture});
    if let Some(variant) = variant {
        platform["variant"] = variant.into();
    }
    platform
}
