//! The trusted roots in the program: those of sigstore's public instance and of GitHub. As JSON they have 38 KiB, since GitHub's repeats
//! its certificates; here each has one line. `make fixtures` writes the text from the crate `sigstore-trust-root`.
//!
//! ```text
//! root NAME                                     an instance, until the next one
//! log HOST START END ID KEY                     a transparency log; END is a time or `-`
//! ct-log HOST START END ID KEY                  a certificate transparency log
//! certificate NUMBER BASE64                     for the chains below
//! certificate-authority START END NUMBER...     a chain, the anchor last
//! timestamp-authority START END NUMBER...
//! ```

use crate::calendar::date;
use crate::oci::Digest;
use crate::sigstore::authority::certificate::Certificate;
use crate::sigstore::authority::path::AuthorityChain;
use crate::sigstore::encoding::json::from_base64;
use crate::sigstore::encoding::time::{Interval, of_root};
use crate::sigstore::key::PublicKey;
use crate::sigstore::trust::trusted_root::{TrustedLog, TrustedRoot};

const TEXT: &str = include_str!("embedded.txt");

const DAY: i64 = 24 * 60 * 60;

impl TrustedRoot {
    /// The embedded roots. If their text were malformed, there would be none, and nothing would verify; a test rules that out.
    pub fn embedded() -> Vec<Self> {
        parse(TEXT).unwrap_or_default()
    }

    /// The day, as in `2026-06-12`, when the newest key of the embedded roots came into use. They may lack what is newer.
    pub fn embedded_date() -> Option<String> {
        let starts = Self::embedded().into_iter().flat_map(|root| root.starts());
        let (year, month, day) = date(starts.max()?.div_euclid(DAY));
        Some(format!("{year:04}-{month:02}-{day:02}"))
    }

    /// The digest of the embedded roots, which says whether two versions of roots have the same.
    pub fn embedded_digest() -> Digest {
        Digest::sha256(TEXT.as_bytes())
    }

    fn starts(&self) -> Vec<i64> {
        let logs = self.logs.iter().chain(&self.ct_logs);
        let authorities = self.certificate_authorities.iter();
        let authorities = authorities.chain(&self.timestamp_authorities);
        logs.map(|log| log.in_use.start)
            .chain(authorities.map(AuthorityChain::start))
            .collect()
    }
}

/// None if any line is malformed.
fn parse(text: &str) -> Option<Vec<TrustedRoot>> {
    let mut roots = Vec::new();
    let mut certificates = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split(' ').collect();
        if let ["root", _] = words[..] {
            roots.push(TrustedRoot::default());
            continue;
        }
        let root = roots.last_mut()?;
        match words[..] {
            ["log", ref rest @ ..] => root.logs.push(log(rest)?),
            ["ct-log", ref rest @ ..] => root.ct_logs.push(log(rest)?),
            ["certificate", number, der] => {
                let certificate = Certificate::from_der(&from_base64(der)?)?;
                certificates.push((number, certificate));
            }
            ["certificate-authority", ref rest @ ..] => {
                let authority = authority(rest, &certificates)?;
                root.certificate_authorities.push(authority);
            }
            ["timestamp-authority", ref rest @ ..] => {
                let authority = authority(rest, &certificates)?;
                root.timestamp_authorities.push(authority);
            }
            _ => return None,
        }
    }
    Some(roots)
}

fn log(words: &[&str]) -> Option<TrustedLog> {
    let [host, start, end, id, key] = *words else {
        return None;
    };
    Some(TrustedLog {
        id: from_base64(id)?,
        key: PublicKey::from_der(&from_base64(key)?),
        host: host.to_owned(),
        in_use: interval(start, end)?,
    })
}

fn authority(words: &[&str], certificates: &[(&str, Certificate)]) -> Option<AuthorityChain> {
    let [start, end, ref numbers @ ..] = *words else {
        return None;
    };
    let certificate = |number: &&str| {
        let found = certificates.iter().find(|(name, _)| name == number);
        found.map(|(_, certificate)| certificate.clone())
    };
    let chain: Option<Vec<_>> = numbers.iter().map(certificate).collect();
    AuthorityChain::new(chain?, interval(start, end)?)
}

fn interval(start: &str, end: &str) -> Option<Interval> {
    let end = match end {
        "-" => None,
        end => Some(of_root(end)?),
    };
    Some(Interval {
        start: of_root(start)?,
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_two_roots() {
        let [public, github] = &TrustedRoot::embedded()[..] else {
            panic!("not two roots");
        };
        assert!(!public.logs.is_empty() && !public.ct_logs.is_empty());
        assert!(github.logs.is_empty() && github.ct_logs.is_empty());
        for root in [public, github] {
            let logs = root.logs.iter().chain(&root.ct_logs);
            assert!(logs.clone().all(|log| log.key.is_some()));
            assert!(!root.certificate_authorities.is_empty());
            assert!(!root.timestamp_authorities.is_empty());
        }
        assert!(TrustedRoot::embedded_date().as_deref() >= Some("2026-06-12"));
    }

    /// They are part of the binary.
    #[test]
    fn the_text_is_short() {
        assert!(TEXT.len() < 17 << 10, "{} bytes", TEXT.len());
    }

    #[test]
    fn a_malformed_line_leaves_no_root() {
        assert_eq!(parse("root x\n"), Some(vec![TrustedRoot::default()]));
        let time = "2026-01-01T00:00:00Z";
        for bad in [
            "log x".to_owned(),
            format!("root x\nlog h {time} - AA= AA=="),
            format!("root x\nlog h {time} never AA== AA=="),
            "root x\nlog h - - AA== AA==".to_owned(),
            "root x\ncertificate 1 AA==".to_owned(),
            format!("root x\ncertificate-authority {time} - 1"),
            format!("root x\ntimestamp-authority {time} -"),
            "root x\n\n".to_owned(),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }
}
