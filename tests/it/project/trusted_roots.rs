//! The embedded trusted roots are those of the crate `sigstore-trust-root`: a newer crate is a newer root.

use roots::sigstore::TrustedRoot;
use serde_json::Value;
use sigstore_trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT};
use std::fs;
use std::path::Path;

const ROOTS: [(&str, &str); 2] = [
    ("public", SIGSTORE_PRODUCTION_TRUSTED_ROOT),
    ("github", SIGSTORE_GITHUB_TRUSTED_ROOT),
];

/// The embedded text, as `src/sigstore/trust/embedded.rs` describes it.
fn text() -> String {
    let mut lines = vec![
        "# The trusted roots of the crate sigstore-trust-root, which `make fixtures` writes."
            .into(),
    ];
    let mut known = Vec::new();
    for (name, json) in ROOTS {
        let root: Value = serde_json::from_str(json).unwrap();
        lines.push(format!("root {name}"));
        for (kind, logs) in [("log", &root["tlogs"]), ("ct-log", &root["ctlogs"])] {
            lines.extend(elements(logs).iter().map(|log| line_of_log(kind, log)));
        }
        for (kind, authorities) in [
            ("certificate-authority", &root["certificateAuthorities"]),
            ("timestamp-authority", &root["timestampAuthorities"]),
        ] {
            for authority in elements(authorities) {
                let mut line = format!("{kind} {}", interval(&authority["validFor"]));
                for certificate in elements(&authority["certChain"]["certificates"]) {
                    let der = string(&certificate["rawBytes"]);
                    let number = known.iter().position(|found| *found == der);
                    let number = number.unwrap_or_else(|| {
                        lines.push(format!("certificate {} {der}", known.len()));
                        known.push(der);
                        known.len() - 1
                    });
                    line += &format!(" {number}");
                }
                lines.push(line);
            }
        }
    }
    lines.join("\n") + "\n"
}

fn line_of_log(kind: &str, log: &Value) -> String {
    let url = string(&log["baseUrl"]);
    let host = url.strip_prefix("https://").unwrap().split('/').next();
    let key = &log["publicKey"];
    [
        kind,
        host.unwrap(),
        &interval(&key["validFor"]),
        &string(&log["logId"]["keyId"]),
        &string(&key["rawBytes"]),
    ]
    .join(" ")
}

fn interval(interval: &Value) -> String {
    let end = interval["end"].as_str().unwrap_or("-");
    format!("{} {end}", string(&interval["start"]))
}

fn elements(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn fixtures_hold_the_trusted_roots() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sigstore/trust/embedded.txt");
    if std::env::var_os("ROOTS_BLESS").is_some_and(|bless| bless == "1") {
        fs::write(&file, text()).unwrap();
    }
    assert!(
        fs::read_to_string(&file).unwrap_or_default() == text(),
        "`make fixtures` writes the trusted roots again"
    );
}

/// Nothing is lost on the way from the JSON.
#[test]
fn embedded_roots_are_those_of_the_crate() {
    let roots = ROOTS.map(|(_, json)| json).join("\n");
    let roots = TrustedRoot::parse_all(roots.as_bytes()).unwrap();
    assert!(TrustedRoot::embedded() == roots);
}
