//! Somebody who logs in, and what his certificate says of him: <https://github.com/sigstore/fulcio>, `docs/oid-info.md`.

use super::certificate::{CODE_SIGNING, DIGITAL_SIGNATURE, Extension, Template};
use super::der::{context, element, object, sequence, utf8};
use super::key::Key;
use super::time::{MINUTE, Period};
use std::collections::BTreeMap;

/// Where GitHub's workflows log in.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The fields are open: alter one for a certificate that says something else.
#[derive(Clone)]
pub struct Signer {
    /// Subject alternative names. One, unless it is to be refused.
    pub names: Vec<Name>,
    pub are_names_critical: bool,
    pub subject: Option<String>,
    /// By the last number of the object identifier: 1.3.6.1.4.1.57264.1.N.
    pub claims: BTreeMap<u8, String>,
    /// The extended key usage.
    pub purpose: Option<&'static str>,
    pub usage: Option<u8>,
    pub is_authority: bool,
    pub lifetime: i64,
    /// Behind all others.
    pub more: Vec<Extension>,
}

/// Who signs.
#[derive(Clone)]
pub enum Maker {
    /// With a certificate.
    Signer(Box<Signer>),
    Key(Key),
}

#[derive(Clone)]
pub enum Name {
    Uri(String),
    Email(String),
    /// A user of another system.
    Other(String),
    Dns(String),
}

impl Signer {
    /// `.github/workflows/build.yml` of OWNER/REPO at GitHub, on its branch `main`.
    pub fn workflow(repository: &str) -> Self {
        let file =
            format!("https://github.com/{repository}/.github/workflows/build.yml@refs/heads/main");
        let mut signer = Self::new(Name::Uri(file.clone()), GITHUB_ISSUER);
        let owner = repository.split('/').next().unwrap();
        for (number, claim) in [
            (9, file.as_str()),
            (10, COMMIT),
            (11, "github-hosted"),
            (12, &format!("https://github.com/{repository}")),
            (13, COMMIT),
            (14, "refs/heads/main"),
            (15, "1234"),
            (16, &format!("https://github.com/{owner}")),
            (17, "12"),
            (18, &file),
            (19, COMMIT),
            (20, "push"),
            (
                21,
                &format!("https://github.com/{repository}/actions/runs/7/attempts/1"),
            ),
            (22, "public"),
        ] {
            signer.claims.insert(number, claim.to_owned());
        }
        signer
    }

    /// The same, where the workflow that signs is another repository's: `OWNER/REPO/.github/workflows/FILE@REF`.
    pub fn reusing(repository: &str, workflow: &str) -> Self {
        let file = format!("https://github.com/{workflow}");
        let mut signer = Self::workflow(repository).claim(9, &file);
        signer.names = vec![Name::Uri(file)];
        signer
    }

    /// A person.
    pub fn email(address: &str, issuer: &str) -> Self {
        Self::new(Name::Email(address.to_owned()), issuer)
    }

    /// Anybody.
    pub fn new(name: Name, issuer: &str) -> Self {
        let claims = [(1, issuer), (8, issuer)].map(|(number, text)| (number, text.to_owned()));
        Self {
            names: vec![name],
            are_names_critical: true,
            subject: None,
            claims: claims.into(),
            purpose: Some(CODE_SIGNING),
            usage: Some(DIGITAL_SIGNATURE),
            is_authority: false,
            lifetime: 10 * MINUTE,
            more: Vec::new(),
        }
    }

    /// Claims something else.
    pub fn claim(mut self, number: u8, claim: &str) -> Self {
        self.claims.insert(number, claim.to_owned());
        self
    }

    pub fn without_claim(mut self, number: u8) -> Self {
        self.claims.remove(&number);
        self
    }

    /// The certificate, but for the SCTs.
    pub(super) fn template(&self, key: &Key, from: i64) -> Template {
        let valid: Period = (from, from + self.lifetime);
        let names: Vec<_> = self.names.iter().map(Name::der).collect();
        let names = Extension {
            is_critical: self.are_names_critical,
            ..Extension::new("2.5.29.17", sequence(&names))
        };
        let mut extensions: Vec<_> = self.usage.map(Extension::key_usage).into_iter().collect();
        extensions.extend(self.purpose.map(Extension::purpose));
        if self.is_authority {
            extensions.push(Extension::basic_constraints(true));
        }
        extensions.push(names);
        extensions.extend(self.claims.iter().map(claim));
        extensions.extend_from_slice(&self.more);
        Template {
            subject: self.subject.clone(),
            key_info: key.info(),
            valid,
            extensions,
        }
    }
}

/// The first six are bare text.
fn claim((number, text): (&u8, &String)) -> Extension {
    let value = if *number < 8 {
        text.as_bytes().to_vec()
    } else {
        utf8(text)
    };
    Extension::new(&format!("1.3.6.1.4.1.57264.1.{number}"), value)
}

impl Name {
    fn der(&self) -> Vec<u8> {
        match self {
            Self::Email(text) => element(0x81, text.as_bytes()),
            Self::Dns(text) => element(0x82, text.as_bytes()),
            Self::Uri(text) => element(0x86, text.as_bytes()),
            Self::Other(text) => {
                let value = context(0, &utf8(text));
                context(0, &[object("1.3.6.1.4.1.57264.1.7"), value].concat())
            }
        }
    }
}

impl From<&Signer> for Maker {
    fn from(signer: &Signer) -> Self {
        Self::Signer(Box::new(signer.clone()))
    }
}

impl From<&Key> for Maker {
    fn from(key: &Key) -> Self {
        Self::Key(key.clone())
    }
}
