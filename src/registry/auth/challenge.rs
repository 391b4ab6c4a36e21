//! `WWW-Authenticate`: RFC 9110, section 11.3, and distribution's token specification.
//!
//! ```text
//! challenge  = scheme [ 1*SP ( token68 / [ parameter *( OWS "," OWS parameter ) ] ) ]
//! parameter  = token BWS "=" BWS ( token / quoted-string )
//! ```
//! A header may hold several challenges, and a response several headers. Pure: no I/O.

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The scheme in lower case: `bearer`, `basic`.
    pub scheme: String,
    /// Names in lower case, values unquoted.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter; an empty value counts as absent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The scopes to request a token for: RFC 6749, section 3.3.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let scopes = self.parameter("scope").unwrap_or_default().split(' ');
        scopes
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// Parses one header value. A syntax error ends the list; the challenges before it are kept.
pub(crate) fn parse(header: &str) -> Vec<Challenge> {
    let mut rest = header;
    let mut challenges: Vec<Challenge> = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some((word, after)) = token(rest) else {
            return challenges;
        };
        let next = blanks(after);
        // A word before `=` is a parameter of the current challenge, otherwise a new scheme; a
        // scheme followed by padded base64 looks like a parameter without a value.
        match (next.strip_prefix('='), challenges.last_mut()) {
            (Some(value), Some(challenge)) => {
                let Some((value, after)) = value_of(blanks(value)) else {
                    return challenges;
                };
                challenge
                    .parameters
                    .push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            (Some(_), None) => return challenges,
            (None, _) => {
                challenges.push(Challenge {
                    scheme: word.to_ascii_lowercase(),
                    parameters: Vec::new(),
                });
                rest = after_token68(next);
            }
        }
    }
}

/// Skips the token68 of `Negotiate YII==`; no supported scheme uses one.
fn after_token68(text: &str) -> &str {
    let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let body = word.trim_end_matches('=');
    let is_token68 = !body.is_empty()
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
        && (blanks(after).is_empty() || blanks(after).starts_with(','));
    // `realm=` alone is a parameter with an empty value; a single word starts a new scheme only
    // after a comma, so here it is a token68.
    if is_token68 && !(word.ends_with('=') && word.len() - body.len() == 1 && body == "realm") {
        after
    } else {
        text
    }
}

fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let end = text
        .bytes()
        .position(|b| !is_token(b))
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A value and the rest of the text. An unclosed quote is not a value.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(token_value(text));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

/// An unquoted value. Registries also leave URLs unquoted, so it ends only at a comma or blank.
fn token_value(text: &str) -> (String, &str) {
    let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    (value.to_owned(), rest)
}

fn blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemes(header: &str) -> Vec<String> {
        parse(header)
            .into_iter()
            .map(|challenge| challenge.scheme)
            .collect()
    }

    #[test]
    fn reads_what_registries_send() {
        let challenges = parse(
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
        );
        assert_eq!(challenges.len(), 1);
        assert_eq!(
            challenges[0].parameter("realm"),
            Some("https://auth.docker.io/token")
        );
        assert_eq!(
            challenges[0].parameter("scope"),
            Some("repository:a/b:pull,push")
        );
    }

    #[test]
    fn the_full_grammar() {
        for header in [
            r#"bEaReR REALM = "https://a/t" , SERVICE="s\"x\\y", unknown=1,scope="""#,
            r#"Bearer  service="s\"x\\y",realm="https://a/t""#,
            r#"Bearer realm=https://a/t,service="s\"x\\y""#,
            "Bearer realm\t=\t\"https://a/t\"\t,\tservice=\"s\\\"x\\\\y\"",
            r#",, Bearer realm="https://a/t",,service="s\"x\\y",,"#,
        ] {
            let challenges = parse(header);
            assert_eq!(challenges.len(), 1, "{header}: {challenges:?}");
            assert_eq!(challenges[0].scheme, "bearer");
            assert_eq!(
                challenges[0].parameter("realm"),
                Some("https://a/t"),
                "{header}"
            );
            assert_eq!(
                challenges[0].parameter("service"),
                Some(r#"s"x\y"#),
                "{header}"
            );
            assert_eq!(challenges[0].parameter("scope"), None);
        }
    }

    #[test]
    fn several_challenges_in_one_header() {
        assert_eq!(
            schemes(r#"Basic realm="r", Bearer realm="https://a/t""#),
            ["basic", "bearer"]
        );
        assert_eq!(
            schemes(r#"Negotiate, Bearer realm="x""#),
            ["negotiate", "bearer"]
        );
        assert_eq!(
            schemes(r#"Negotiate YII+/b==, Bearer realm="x""#),
            ["negotiate", "bearer"]
        );
        assert_eq!(
            schemes(r#"Digest qop="auth,int", nonce=ab , Basic realm=x"#),
            ["digest", "basic"]
        );
        assert_eq!(schemes("Basic"), ["basic"]);
    }

    #[test]
    fn rubbish_is_no_challenge_and_no_panic() {
        for header in ["", ",", "=", "\"", "realm=\"x\"", "é", "Bearer\0x"] {
            assert!(
                parse(header).iter().all(|c| c.parameter("realm").is_none()),
                "{header}"
            );
        }
        for header in [
            r#"Bearer realm="unclosed"#,
            r#"Bearer realm="x\"#,
            "Bearer realm",
            "Bearer realm=",
        ] {
            assert_eq!(
                parse(header).first().and_then(|c| c.parameter("realm")),
                None,
                "{header}"
            );
        }
    }
}
