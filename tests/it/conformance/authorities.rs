//! Certificates that sigstore-python's tests refuse, or accept, as authorities.

use super::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roots::sigstore::{Certificate, TrustedRoot};

fn der(name: &str) -> Vec<u8> {
    let pem = text(&format!("x509/{name}.pem"));
    let lines = pem
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN"));
    let body: String = lines
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"))
        .collect();
    STANDARD.decode(body).unwrap()
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_authorities() {
    for (name, is_authority) in [
        ("bogus-root", true),
        ("bogus-intermediate", true),
        ("bogus-intermediate-with-eku", true),
        ("bogus-root-invalid-ku", false),
        ("bogus-root-missing-ku", false),
        ("bogus-root-noncritical-bc", false),
        ("bogus-leaf", false),
        ("bogus-leaf-invalid-eku", false),
        ("bogus-leaf-invalid-ku", false),
        ("bogus-leaf-missing-eku", false),
    ] {
        let certificate = Certificate::from_der(&der(name)).unwrap();
        assert_eq!(certificate.is_authority(), is_authority, "{name}");
        // Nor can a trusted root make one of it.
        let root = format!(
            r#"{{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "certificateAuthorities": [{{
                    "certChain": {{"certificates": [{{"rawBytes": "{}"}}]}},
                    "validFor": {{"start": "2023-01-01T00:00:00Z"}}}}]}}"#,
            STANDARD.encode(der(name))
        );
        let root = TrustedRoot::parse_all(root.as_bytes());
        assert_eq!(root.is_ok(), is_authority, "{name}");
    }
}
