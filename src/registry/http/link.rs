//! `Link`: RFC 8288, section 3, as distribution-spec, "Listing Tags", uses it for the next page.
//!
//! ```text
//! Link       = #link-value
//! link-value = "<" URI-Reference ">" *( OWS ";" OWS parameter )
//! ```
//! Pure: no I/O.

/// The target of the first link in `header` whose relation is `next`.
pub(crate) fn next_page(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (_, link) = rest.split_once('<')?;
        let (target, after) = link.split_once('>')?;
        let (parameters, after) = parameters(after);
        if is_next(&parameters) {
            return Some(target);
        }
        rest = after;
    }
}

/// The parameters of one link, and the rest after its comma. A comma in quotes does not end a link.
fn parameters(text: &str) -> (Vec<&str>, &str) {
    let (mut parameters, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' | ',' if !is_quoted => {
                parameters.push(&text[start..at]);
                start = at + 1;
                if c == ',' {
                    return (parameters, &text[start..]);
                }
            }
            _ => {}
        }
    }
    parameters.push(&text[start..]);
    (parameters, "")
}

/// Whether the first `rel`, the only one that counts (section 3.3), contains the relation `next`.
fn is_next(parameters: &[&str]) -> bool {
    let pairs = parameters.iter().filter_map(|text| text.split_once('='));
    let mut relations = pairs
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("rel"))
        .map(|(_, value)| value.trim().trim_matches('"'));
    relations.next().is_some_and(|relations| {
        let mut relations = relations.split_ascii_whitespace();
        relations.any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_in_every_spelling() {
        for header in [
            r#"</x?n=1&last=a,b>; rel="next""#,
            "</x?n=1&last=a,b>;rel=next",
            r#"</x?n=1&last=a,b> ; title="a, <b>; rel=\"prev\"" ; REL = "prev Next""#,
            r#"</first>; rel="first", </x?n=1&last=a,b>; rel="next""#,
            r#"</y>; rel="prev"; rel="next",</x?n=1&last=a,b>; rel=next, </z>; rel=next"#,
        ] {
            assert_eq!(next_page(header), Some("/x?n=1&last=a,b"), "{header}");
        }
        for header in [
            "",
            "/x; rel=next",
            "</x>",
            "</x>; rel=\"prev\"",
            "</x; rel=\"next\"",
            "</x>; title=\"rel=next\"",
            "</x>; title=\"<y>; rel=next",
            "</x>; rel=nextish",
        ] {
            assert_eq!(next_page(header), None, "{header}");
        }
    }
}
