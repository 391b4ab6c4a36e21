//! Who signed, and who was demanded.

use super::{MANIFEST, Setup, digest, malformed, verify};
use crate::support::sigstore::{GITHUB_ISSUER, Name, Signer};
use roots::error::SignatureFault::{self, OtherSigner};
use roots::sigstore::{Bundle, DemandedSigner, SignedDocument, TrustedRoot, Workflow};

fn fault(signer: &Signer, demanded: &DemandedSigner) -> Option<SignatureFault> {
    let setup = Setup::github();
    let root = setup.sigstore.trusted_root();
    verify(&root, setup.sign_as(signer).json(), demanded).err()
}

fn is_accepted(signer: &Signer, demanded: &DemandedSigner) -> bool {
    match fault(signer, demanded) {
        None => true,
        Some(OtherSigner { .. }) => false,
        Some(fault) => panic!("{fault}"),
    }
}

fn built_by(text: &str) -> DemandedSigner {
    DemandedSigner::built_by(text).unwrap()
}

fn exact(identity: &str, issuer: &str) -> DemandedSigner {
    DemandedSigner::Exact {
        identity: identity.to_owned(),
        issuer: issuer.to_owned(),
    }
}

#[test]
fn a_repository_or_its_owner_is_demanded() {
    let signer = Signer::workflow("o/r");
    for demanded in ["o/r", "O/R", "o/", "O/"] {
        assert!(is_accepted(&signer, &built_by(demanded)), "{demanded}");
    }
    for demanded in [
        "o/r-evil", "o/r.", "o/re", "o-evil/r", "oo/r", "r/o", "x/", "oo/",
    ] {
        assert!(!is_accepted(&signer, &built_by(demanded)), "{demanded}");
    }
    for other in ["o/r-evil", "o-evil/r", "o/R.", "o/ſ", "o/r/r"] {
        let signer = Signer::workflow(other);
        assert!(!is_accepted(&signer, &built_by("o/r")), "{other}");
    }
}

#[test]
fn the_case_of_letters_outside_of_ascii_counts() {
    // The Kelvin sign, in lower case a k.
    let signer = Signer::workflow("o/\u{212a}");
    assert!(!is_accepted(&signer, &built_by("o/k")));
}

#[test]
fn a_workflow_of_github_logs_in_at_github() {
    for issuer in [
        "https://accounts.example.com",
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com/enterprise",
        "http://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com.example.com",
        "https://TOKEN.actions.githubusercontent.com",
    ] {
        // The old extension still names GitHub.
        let signer = Signer::workflow("o/r").claim(8, issuer);
        assert!(!is_accepted(&signer, &built_by("o/r")), "{issuer}");
    }
    let old = Signer::workflow("o/r").without_claim(8);
    assert!(is_accepted(&old, &built_by("o/r")));
    let misleading = Signer::workflow("o/r").claim(1, "https://example.com");
    assert!(is_accepted(&misleading, &built_by("o/r")));
    let none = Signer::workflow("o/r").without_claim(8).without_claim(1);
    assert!(!is_accepted(&none, &built_by("o/r")));
}

#[test]
fn a_certificate_without_a_repository_is_of_none() {
    let signer = Signer::workflow("o/r").without_claim(12);
    assert!(!is_accepted(&signer, &built_by("o/r")));
    assert!(!is_accepted(&signer, &built_by("o/")));
    let signer = Signer::workflow("o/r").without_claim(16);
    assert!(is_accepted(&signer, &built_by("o/r")));
    assert!(!is_accepted(&signer, &built_by("o/")));
}

#[test]
fn a_repository_elsewhere_is_another() {
    for url in [
        "http://github.com/o/r",
        "https://github.com.example.com/o/r",
        "https://github.com/o/r/",
        "https://github.com//o/r",
        "https://example.com/o/r",
        "o/r",
    ] {
        let signer = Signer::workflow("o/r").claim(12, url);
        assert!(!is_accepted(&signer, &built_by("o/r")), "{url}");
    }
}

#[test]
fn a_workflow_is_demanded_with_or_without_its_branch() {
    let signer = Signer::workflow("o/r");
    let by = |text: &str| {
        let workflow = Workflow::parse(text).unwrap();
        built_by("o/r").with_workflow(workflow).unwrap()
    };
    for text in [
        ".github/workflows/build.yml",
        ".github/workflows/build.yml@refs/heads/main",
        "o/r/.github/workflows/build.yml",
    ] {
        assert!(is_accepted(&signer, &by(text)), "{text}");
    }
    for text in [
        ".github/workflows/build",
        ".github/workflows/Build.yml",
        ".github/workflows/build.yml@refs/heads/m",
        ".github/workflows/build.yml@refs/tags/main",
        "o/other/.github/workflows/build.yml",
    ] {
        assert!(!is_accepted(&signer, &by(text)), "{text}");
    }
}

#[test]
fn a_workflow_may_be_another_repositorys() {
    let signer = Signer::reusing("o/r", "s/shared/.github/workflows/sign.yml@refs/tags/v1");
    assert!(is_accepted(&signer, &built_by("o/r")));
    assert!(!is_accepted(&signer, &built_by("s/shared")));
    let by = |text: &str| {
        let workflow = Workflow::parse(text).unwrap();
        built_by("o/r").with_workflow(workflow).unwrap()
    };
    assert!(is_accepted(
        &signer,
        &by("s/shared/.github/workflows/sign.yml")
    ));
    assert!(!is_accepted(&signer, &by(".github/workflows/sign.yml")));
    assert!(!is_accepted(
        &signer,
        &by("s/share/.github/workflows/sign.yml")
    ));
}

#[test]
fn an_identity_is_compared_byte_for_byte() {
    let issuer = "https://accounts.example.com";
    let signer = Signer::email("a@example.com", issuer);
    assert!(is_accepted(&signer, &exact("a@example.com", issuer)));
    for (identity, issuer) in [
        ("A@example.com", issuer),
        ("a@example.co", issuer),
        ("aa@example.com", issuer),
        (".*", issuer),
        ("a@example.com", "https://accounts.example.com/"),
        ("a@example.com", "https://Accounts.example.com"),
        ("a@example.com", ""),
    ] {
        assert!(
            !is_accepted(&signer, &exact(identity, issuer)),
            "{identity}, {issuer}"
        );
    }
    let other = Signer::new(Name::Other("someone".to_owned()), issuer);
    assert!(is_accepted(&other, &exact("someone", issuer)));
    let workflow = Signer::workflow("o/r");
    let uri = "https://github.com/o/r/.github/workflows/build.yml@refs/heads/main";
    assert!(is_accepted(&workflow, &exact(uri, GITHUB_ISSUER)));
}

#[test]
fn an_email_address_that_looks_like_a_workflow_is_none() {
    let uri = "https://github.com/o/r/.github/workflows/build.yml@refs/heads/main";
    let mut signer = Signer::workflow("o/r");
    signer.names = vec![Name::Email(uri.to_owned())];
    let workflow = Workflow::parse(".github/workflows/build.yml").unwrap();
    let demanded = built_by("o/r").with_workflow(workflow).unwrap();
    assert!(!is_accepted(&signer, &demanded));
}

#[test]
fn claims_are_text_without_control_characters() {
    let signer = Signer::workflow("o/r").claim(12, "https://github.com/o/r\u{1b}[2K");
    let names = malformed("the names in the certificate");
    assert_eq!(fault(&signer, &built_by("o/r")), names);
    let signer = Signer::workflow("o/r").claim(8, "");
    assert_eq!(fault(&signer, &built_by("o/r")), names);
}

#[test]
fn a_refusal_says_who_signed_and_how_to_accept_it() {
    let fault = fault(&Signer::workflow("x/y"), &built_by("o/r")).unwrap();
    let uri = "https://github.com/x/y/.github/workflows/build.yml@refs/heads/main";
    assert_eq!(
        fault,
        OtherSigner {
            identity: uri.to_owned(),
            issuer: Some(GITHUB_ISSUER.to_owned()),
            accepted_by: Some("--built-by x/y".to_owned()),
        }
    );
}

#[test]
fn what_is_verified_is_told() {
    let setup = Setup::public();
    let roots = TrustedRoot::parse_all(setup.sigstore.trusted_root().as_bytes()).unwrap();
    let bundle = Bundle::parse(setup.sign().json().as_bytes()).unwrap();
    let digest = digest();
    let artifacts = [SignedDocument {
        digest: &digest,
        bytes: Some(MANIFEST),
    }];
    let verified = bundle.verify_anybody(&artifacts, &roots).unwrap();
    assert_eq!(verified.digest, digest);
    assert_eq!(verified.time, Some(crate::support::sigstore::SIGNED_AT));
    let signer = verified.signer.claims().unwrap().clone();
    assert_eq!(signer.repository.as_deref(), Some("https://github.com/o/r"));
    assert_eq!(signer.owner.as_deref(), Some("https://github.com/o"));
    assert_eq!(signer.issuer.as_deref(), Some(GITHUB_ISSUER));
    assert!(signer.is_uri && signer.commit.is_some());
}
