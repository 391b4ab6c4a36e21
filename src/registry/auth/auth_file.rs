//! Files in which `docker login` and `podman login` store credentials: docker's `config.json` and
//! `containers-auth.json(5)`, which differs only in its keys.

use super::auth_key::AuthKey;
use super::credentials::Credentials;
use super::helper;
use crate::progress::Progress;
use crate::sys;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Some tools omit the padding of base64.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The contents of one file. Entries are decoded only when they are looked up.
#[derive(Default, Deserialize)]
pub(crate) struct AuthFile {
    auths: Option<BTreeMap<String, Value>>,
    #[serde(rename = "credHelpers")]
    helpers: Option<BTreeMap<String, Value>>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
}

/// One entry of `auths`. An empty entry means that a helper stores the credentials.
#[derive(Deserialize)]
struct AuthEntry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl AuthFile {
    /// Parses a file, or the value of a variable that replaces it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        serde_json::from_str(text).map_err(|_| "not a file of credentials")
    }

    /// Parses the format that preceded `config.json`: a bare map of entries.
    pub(crate) fn parse_old(text: &str) -> Result<Self, &'static str> {
        let auths = serde_json::from_str(text).map_err(|_| "not a file of credentials")?;
        Ok(Self {
            auths: Some(auths),
            ..Self::default()
        })
    }

    /// Drops helpers and keeps the entries: a variable must not start programs.
    pub(crate) fn without_helpers(self) -> Self {
        Self {
            auths: self.auths,
            ..Self::default()
        }
    }

    /// The credentials for `account`, and where in `origin` they were found.
    pub(crate) fn find(
        &self,
        account: &AuthKey,
        origin: &str,
        timeout: Duration,
        progress: Progress,
    ) -> Option<(Credentials, String)> {
        let own = self.helpers.as_ref();
        let own = own.and_then(|helpers| account.entry(helpers));
        let own = own.and_then(Value::as_str);
        let helpers = [own, self.store.as_deref()].into_iter().flatten();
        // Both may name the same helper.
        let mut asked = None;
        for name in helpers.filter(|name| !name.is_empty()) {
            if asked.replace(name) == Some(name) {
                continue;
            }
            let program = helper::program(name);
            progress.waiting_for(&program);
            progress.detail(format_args!(
                "{program}: asking, for {} s at most",
                timeout.as_secs()
            ));
            match helper::ask(name, account.server(), timeout) {
                Ok(Some(found)) => return Some((found, format!("{program} ({origin})"))),
                Ok(None) => {
                    progress.detail(format_args!("{program}: none for {}", account.registry()));
                }
                // The wait was interrupted by a signal.
                Err(_) if sys::received_signal().is_some() => return None,
                Err(why) => progress.warn(format_args!("{program} ({origin}): {why}; passed over")),
            }
        }
        let entries = self.auths.as_ref().map(|auths| account.entries(auths));
        for (key, entry) in entries.unwrap_or_default() {
            match AuthEntry::deserialize(entry)
                .map_err(|_| "not an entry")
                .and_then(AuthEntry::read)
            {
                Ok(Some(found)) => return Some((found, origin.to_owned())),
                Ok(None) => {}
                Err(why) => progress.warn(format_args!("{origin}: {key}: {why}; passed over")),
            }
        }
        None
    }
}

impl AuthEntry {
    fn read(self) -> Result<Option<Credentials>, &'static str> {
        let given = |field: Option<String>| field.filter(|text| !text.is_empty());
        if let Some(token) = given(self.registrytoken) {
            // The token goes into a header unchanged: a line break would inject another header.
            return if token.bytes().all(|b| b.is_ascii_graphic()) {
                Ok(Some(Credentials::Token(token)))
            } else {
                Err("a token with blanks or control characters")
            };
        }
        let pair = match given(self.auth) {
            Some(auth) => Some(decoded(&auth)?),
            None => given(self.username).map(|user| (user, self.password.unwrap_or_default())),
        };
        if let Some(token) = given(self.identitytoken) {
            let user = pair.map(|(user, _)| user).unwrap_or_default();
            return Ok(Some(Credentials::Identity { user, token }));
        }
        Ok(pair.map(|(user, password)| Credentials::of(&user, &password)))
    }
}

/// Decodes `user:password` from base64; docker has appended NUL bytes to it.
fn decoded(auth: &str) -> Result<(String, String), &'static str> {
    // The `base64` tool breaks lines.
    let bytes = BASE64.decode(auth.split_ascii_whitespace().collect::<String>());
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or("its auth is not base64 of a text")?;
    let pair = text.trim_end_matches('\0').split_once(':');
    let (user, password) = pair.ok_or("its auth has no colon")?;
    if user.is_empty() {
        Err("its auth has no user name")
    } else {
        Ok((user.to_owned(), password.to_owned()))
    }
}

/// Reads a file as text, with a limit on its length.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = sys::Interruptible(sys::open_to_read(path)?);
    file.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The credentials for `ghcr.io/a/b` as Basic, or as a token in brackets.
    fn found(text: &str) -> Option<String> {
        let account = AuthKey::new("ghcr.io", "a/b");
        let stored = AuthFile::parse(text).ok()?;
        match stored
            .find(&account, "file", Duration::MAX, Progress::silent())?
            .0
        {
            Credentials::Basic { user, password } => Some(format!("{user}:{password}")),
            Credentials::Identity { user, token } => Some(format!("{user}<{token}>")),
            Credentials::Token(token) => Some(format!("[{token}]")),
        }
    }

    #[test]
    fn an_entry_has_one_of_many_forms() {
        for (entry, wanted) in [
            (r#""auth":"am9lOmh1bjp0ZXIy""#, Some("joe:hun:ter2")),
            (r#""auth":" am9lOmh1bjp0ZXIy\n""#, Some("joe:hun:ter2")),
            (r#""auth":"am9lOmh1bj\r\np0ZXIy""#, Some("joe:hun:ter2")),
            (r#""auth":"am9lOsO8""#, Some("joe:ü")),
            (r#""auth":"am9lOmh1AAAA""#, Some("joe:hu")),
            (r#""auth":"am9lOg==""#, Some("joe:")),
            (r#""auth":"am9lOg""#, Some("joe:")),
            (r#""username":"joe","password":"pw""#, Some("joe:pw")),
            (
                r#""auth":"","username":"joe","password":"pw""#,
                Some("joe:pw"),
            ),
            (
                r#""auth":"am9lOmh1","username":"x","password":"y""#,
                Some("joe:hu"),
            ),
            (r#""identitytoken":"t""#, Some("<t>")),
            (r#""auth":"am9lOg==","identitytoken":"t""#, Some("joe<t>")),
            (r#""username":"<token>","password":"t""#, Some("<t>")),
            (r#""registrytoken":"t","identitytoken":"u""#, Some("[t]")),
            (r#""registrytoken":"t\r\nX: y""#, None),
            (r#""auth":"!""#, None),
            (r#""auth":"am9l""#, None),
            (r#""auth":"Omh1""#, None),
            (r#""auth":7"#, None),
            (r#""email":"x""#, None),
            (r#""auth":null"#, None),
            ("", None),
        ] {
            let text = format!("{{\"auths\":{{\"ghcr.io\":{{{entry}}}}}}}");
            assert_eq!(found(&text).as_deref(), wanted, "{entry}");
        }
    }

    #[test]
    fn an_entry_that_says_nothing_gives_way_to_the_next() {
        let helpers = r#"{"auths":{"ghcr.io":{"auth":"am9lOmh1"}},"credHelpers":{"ghcr.io":null}}"#;
        assert_eq!(found(helpers).as_deref(), Some("joe:hu"));
        let auths =
            r#"{"auths":{"ghcr.io/a":{},"ghcr.io":7,"https://ghcr.io":{"auth":"am9lOmh1"}}}"#;
        assert_eq!(found(auths).as_deref(), Some("joe:hu"));
    }

    #[test]
    fn other_fields_and_missing_ones_do_not_matter() {
        for text in [
            "{}",
            r#"{"auths":null,"HttpHeaders":{"a":"b"},"proxies":{}}"#,
        ] {
            assert!(AuthFile::parse(text).is_ok(), "{text}");
            assert_eq!(found(text), None, "{text}");
        }
        for text in [
            "",
            "}{",
            "[]",
            "7",
            r#"{"auths":7}"#,
            r#"{"credHelpers":[]}"#,
        ] {
            assert!(AuthFile::parse(text).is_err(), "{text}");
        }
        let old = AuthFile::parse_old(r#"{"ghcr.io":{"auth":"am9lOmh1","email":"x"}}"#);
        let account = AuthKey::new("ghcr.io", "a");
        let progress = Progress::silent();
        assert!(old.is_ok_and(|old| old.find(&account, "", Duration::MAX, progress).is_some()));
    }
}
