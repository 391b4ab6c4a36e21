//! Lists that lead elsewhere, do not end, or are not lists.

use super::{page, tags, with_tags};
use crate::support::{ALWAYS, Fault};
use serde_json::json;

#[test]
fn a_link_to_another_host_is_asked_for_at_the_registry() {
    let (registry, other) = (with_tags(&["1", "2"]), with_tags(&["stolen"]));
    registry.require_basic("joe", "hunter2");
    for host in [
        other.url(""),
        "https://registry.invalid".into(),
        "http://169.254.169.254".into(),
        format!("https://{}", registry.host()),
    ] {
        let link = format!("<{host}/v2/a/b/tags/list?last=1>; rel=\"next\"");
        registry.forget_requests();
        registry.fault("n=1000", 1, Fault::All(vec![Fault::header("Link", &link)]));
        let run = tags(&registry, &["--auth=joe:hunter2"]).succeeds();
        run.prints("1\n2\n2\n");
        let asked = registry.requests_for("last=1");
        assert_eq!(asked.len(), 1, "{host}");
        assert_eq!(asked[0].target, "/v2/a/b/tags/list?last=1");
    }
    assert_eq!(other.lines(), [""; 0]);
}

#[test]
fn a_link_that_is_not_an_address_is_an_error_and_others_are_not_followed() {
    let registry = with_tags(&["1"]);
    for link in ["ftp://a/b", "http://a:b:c/", "", "#x", "http://u:p@a/"] {
        let link = format!("<{link}>; rel=\"next\"");
        registry.fault("tags/list", 1, Fault::header("Link", &link));
        let run = tags(&registry, &[]).fails(1);
        run.says(": its Link header has no address of the next page\n");
    }
    registry.forget_requests();
    for link in ["</x>; rel=\"prev\"", "</x>", "nonsense", "</x>; rel="] {
        registry.fault("tags/list", 1, Fault::header("Link", link));
        tags(&registry, &[]).succeeds().prints("1\n");
    }
    assert_eq!(registry.requests_for("/x").len(), 0);
}

#[test]
fn pages_in_a_circle_end() {
    let registry = with_tags(&["1"]);
    let link = |last: &str| Some(format!("</v2/a/b/tags/list?last={last}>; rel=next"));
    let said = ": the list of tags does not end; --limit reads the start of it\n";
    // To itself.
    registry.fault("tags/list", ALWAYS, page(&json!(["x"]), link("x")));
    tags(&registry, &[]).fails(1).says(said);
    assert_eq!(registry.requests().len(), 2);
    tags(&registry, &["--limit=2"]).succeeds().prints("x\nx\n");
    // To each other, with many tags and with none.
    let many: Vec<_> = (0..40_000).map(|n| format!("{n:0>100}")).collect();
    let too_many = ": more than 32 MiB of tags; --limit reads the start of the list\n";
    for (tags_of_page, pages, said) in [(json!(many), 9, too_many), (json!([]), 4096, said)] {
        registry.recover();
        registry.forget_requests();
        registry.fault("last=a", ALWAYS, page(&tags_of_page, link("b")));
        registry.fault("tags/list", ALWAYS, page(&tags_of_page, link("a")));
        tags(&registry, &[]).fails(1).says(said);
        assert_eq!(registry.requests().len(), pages);
    }
}

#[test]
fn what_is_not_a_list_of_tags_is_an_error() {
    let registry = with_tags(&["1"]);
    for body in [
        "<html>log in</html>",
        "",
        "[]",
        "{\"tags\":[1]}",
        "{\"name\":\"a/b\"}",
    ] {
        let answer = Fault::Status(200, Vec::new(), body.into());
        registry.fault("tags/list", 1, answer);
        let run = tags(&registry, &[]).fails(1);
        let url = registry.url("/v2/a/b/tags/list");
        run.says(&format!("roots: {url}: not a list of tags\n"));
    }
    let long = Fault::Status(200, Vec::new(), vec![b' '; (32 << 20) + 1]);
    registry.fault("tags/list", 1, long);
    tags(&registry, &[])
        .fails(1)
        .says(": longer than 33554432 bytes\n");
}

#[test]
fn a_name_that_is_not_a_tag_is_not_printed_among_the_tags() {
    let registry = with_tags(&["1"]);
    for bad in ["a\nb", "\u{1b}[2J", "\u{202e}x", "a b", "", "a/b"] {
        registry.fault("tags/list", 1, page(&json!(["1", bad, "2"]), None));
        let run = tags(&registry, &[]).succeeds().prints("1\n2\n");
        let run = run.says(": skipped names that are not tags, such as `");
        assert_eq!(run.stderr.lines().count(), 1);
        assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']));
    }
}

/// A page of 25 MB was printed whole, and three of 7 MB were said not to end.
#[test]
fn tags_have_one_bound_on_one_page_and_on_many() {
    let registry = with_tags(&["1"]);
    let tags_of = |page: usize, count: usize| -> Vec<String> {
        (0..count).map(|n| format!("{page}{n:0>99}")).collect()
    };
    let link = |last: &str| Some(format!("</v2/a/b/tags/list?last={last}>; rel=next"));
    // Nearly all that one page may hold.
    registry.fault("n=1000", 1, page(&json!(tags_of(1, 300_000)), None));
    let run = tags(&registry, &[]).succeeds();
    assert_eq!(run.stdout.len(), 300_000 * 101);
    // As much on three pages.
    for (number, page_of) in [
        ("n=1000", link("1")),
        ("last=1", link("2")),
        ("last=2", None),
    ] {
        let tags_of_page = json!(tags_of(number.len(), 100_000));
        registry.fault(number, 1, page(&tags_of_page, page_of));
    }
    let run = tags(&registry, &[]).succeeds();
    assert_eq!(run.stdout.len(), 300_000 * 101);
    // More than that, on the last page.
    registry.fault(
        "n=1000",
        ALWAYS,
        page(&json!(tags_of(1, 200_000)), link("1")),
    );
    registry.fault("last=1", ALWAYS, page(&json!(tags_of(2, 200_000)), None));
    let run = tags(&registry, &[]).fails(1).prints("");
    run.says(": more than 32 MiB of tags; --limit reads the start of the list\n");
    let run = tags(&registry, &["--limit=200001"]).succeeds();
    assert_eq!(run.stdout.len(), 200_001 * 101);
}

/// It was "no such repository", with the hint to check its spelling, below its first tags.
#[test]
fn a_next_page_that_is_not_there_is_named() {
    let registry = with_tags(&["1"]);
    for host in ["", "https://registry.invalid"] {
        let link = format!("<{host}/v2/a/b/no/tags?last=1>; rel=next");
        registry.fault("n=1000", 1, Fault::header("Link", &link));
        let url = registry.url("/v2/a/b/no/tags");
        let run = tags(&registry, &[]).fails(1).prints("");
        assert_eq!(
            run.stderr,
            format!(
                "roots: {url}: the next page of tags, named by the Link header, was not found\n"
            )
        );
    }
}
