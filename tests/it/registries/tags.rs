//! `roots tags`: all pages of the list, in the order of the registry, whatever the registry does.

use crate::support::image::oci;
use crate::support::{ALWAYS, Fault, Registry, Run, Sandbox, TokenRules, hello};
use serde_json::{Value, json};

mod hostile;

const LIST: &str = "GET /v2/a/b/tags/list";

fn tags(registry: &Registry, options: &[&str]) -> Run {
    let sandbox = Sandbox::new("tags");
    let run = sandbox.roots(["tags", &registry.image("a/b")]);
    let run = run.args(options).run();
    assert_eq!(sandbox.names(""), [""; 0], "nothing is written");
    run
}

fn with_tags(tags: &[&str]) -> Registry {
    let (registry, image) = (Registry::start(), hello());
    for tag in tags {
        registry.put_manifest("a/b", tag, oci::MANIFEST, &image.manifest.bytes);
    }
    registry
}

/// A page of a list with what else its head says.
fn page(tags: &Value, link: Option<String>) -> Fault {
    let headers = link.map(|link| ("Link".to_owned(), link));
    let body = json!({"name": "a/b", "tags": tags}).to_string();
    Fault::Status(200, headers.into_iter().collect(), body.into_bytes())
}

#[test]
fn tags_of_all_pages_are_printed() {
    let registry = with_tags(&["1", "1.0", "2", "_x", "latest"]);
    registry.tags_per_page(2);
    let run = tags(&registry, &[]).succeeds();
    assert_eq!(run.stderr, "");
    run.prints("1\n1.0\n2\n_x\nlatest\n");
    assert_eq!(
        registry.lines(),
        [
            format!("{LIST}?n=1000"),
            format!("{LIST}?last=1.0&n=2"),
            format!("{LIST}?last=_x&n=2")
        ]
    );
}

#[test]
fn a_program_gets_an_object() {
    let registry = with_tags(&["1", "2"]);
    let run = tags(&registry, &["--json"]).succeeds();
    let said: Value = serde_json::from_str(&run.stdout).unwrap();
    let wanted = json!({"repository": registry.image("a/b"), "tags": ["1", "2"]});
    assert_eq!(said, wanted);
    assert_eq!(run.stdout.lines().count(), 1);
}

#[test]
fn no_page_beyond_the_limit_is_asked_for() {
    let registry = with_tags(&["1", "2", "3", "4", "5"]);
    registry.tags_per_page(2);
    let run = tags(&registry, &["--limit=3", "--last", "1"]);
    run.succeeds().prints("2\n3\n4\n");
    assert_eq!(
        registry.lines(),
        [format!("{LIST}?n=3&last=1"), format!("{LIST}?last=3&n=2")]
    );
    for (options, printed) in [
        (&["--limit=2"][..], "1\n2\n"),
        (&["--limit=99999", "--last=4"], "5\n"),
        (&["--last=5"], ""),
        (&["--last=4x"], "5\n"),
    ] {
        tags(&registry, options).succeeds().prints(printed);
    }
    // One that gives more than it was asked for.
    let many = page(&json!(["c", "b", "a"]), Some(format!("<{LIST}>; rel=next")));
    registry.fault("tags/list", 1, many);
    registry.forget_requests();
    tags(&registry, &["--limit=2"]).succeeds().prints("c\nb\n");
    assert_eq!(registry.requests().len(), 1);
}

/// distribution before 3.0 ignores both numbers and gives all tags, in the order of its disk.
#[test]
fn a_registry_that_ignores_the_range_is_cut_here() {
    let (registry, all) = (with_tags(&["x"]), json!(["3", "1", "5", "2", "12"]));
    registry.fault("tags/list", ALWAYS, page(&all, None));
    for (options, printed, requests) in [
        (&["--limit=2"][..], "3\n1\n", 1),
        (&["--limit=9"], "3\n1\n5\n2\n12\n", 1),
        // What comes behind it, as in the next page.
        (&["--last=1"], "5\n2\n12\n", 1),
        (&["--last=1", "--limit=2"], "5\n2\n", 1),
        (&["--last=12"], "", 1),
        (&["--last=0"], "3\n1\n5\n2\n12\n", 1),
        // One that is not there has no place but that of its letters.
        (&["--last=19"], "3\n5\n2\n", 2),
        (&["--last=19", "--limit=1"], "3\n", 2),
        (&["--last=z"], "", 2),
    ] {
        registry.forget_requests();
        tags(&registry, options).succeeds().prints(printed);
        assert_eq!(registry.requests().len(), requests, "{options:?}");
    }
    let run = tags(&registry, &["--last=z"]).succeeds();
    run.says(&format!("{}: no tags after z\n", registry.image("a/b")));
}

/// Some registries sort by age, by version, or without regard to case.
#[test]
fn an_order_of_its_own_is_not_taken_for_an_ignored_range() {
    let registry = with_tags(&["x"]);
    let all = json!(["10", "9", "B", "a"]);
    registry.fault(
        "tags/list?n=1000&last=95",
        ALWAYS,
        page(&json!(["9", "B", "a"]), None),
    );
    registry.fault("tags/list", ALWAYS, page(&all, None));
    tags(&registry, &["--last=95"])
        .succeeds()
        .prints("9\nB\na\n");
    // With further pages, the range has been obeyed.
    let link = "</v2/a/b/tags/list?last=9>; rel=\"next\"";
    registry.recover();
    registry.fault("last=95", 1, page(&json!(["9"]), Some(link.into())));
    registry.fault("last=9", 1, page(&json!(["B"]), None));
    tags(&registry, &["--last=95"]).succeeds().prints("9\nB\n");
}

#[test]
fn a_million_tags_come_in_one_page() {
    let registry = with_tags(&["x"]);
    let many: String = (0..1_000_000).map(|n| format!("\"v1.{n:0>6}\",")).collect();
    let body = format!("{{\"tags\":[{}]}}", many.trim_end_matches(','));
    let answer = Fault::Status(200, Vec::new(), body.into_bytes());
    registry.fault("tags/list", ALWAYS, answer);
    let run = tags(&registry, &[]).succeeds();
    assert_eq!(run.stdout.lines().count(), 1_000_000);
    let run = tags(&registry, &["--last=v1.999998"]).succeeds();
    run.prints("v1.999999\n");
}

#[test]
fn the_order_is_that_of_the_registry() {
    let registry = with_tags(&["x"]);
    let link = "</v2/a/b/tags/list?next_page=x,y%3D>; rel=\"next\"";
    registry.fault(
        "n=1000",
        1,
        page(&json!(["9", "10", "B"]), Some(link.into())),
    );
    registry.fault("next_page=x,y%3D", 1, page(&json!(["a", "9"]), None));
    tags(&registry, &[]).succeeds().prints("9\n10\nB\na\n9\n");
}

#[test]
fn a_repository_without_tags_has_an_empty_list() {
    let registry = with_tags(&["x"]);
    for empty in [json!(null), json!([])] {
        registry.fault("tags/list", 1, page(&empty, None));
        let run = tags(&registry, &[]).succeeds().prints("");
        run.says(&format!("{}: no tags\n", registry.image("a/b")));
        registry.fault("tags/list", 1, page(&empty, None));
        let run = tags(&registry, &["--json"]).succeeds();
        assert!(run.stdout.ends_with("\"tags\":[]}\n"), "{}", run.stdout);
    }
}

/// distribution with `maxtags` below 1000 answers with PAGINATION_NUMBER_INVALID.
#[test]
fn a_registry_that_refuses_the_number_is_asked_without() {
    let registry = with_tags(&["1", "2"]);
    registry.fault("n=1000", ALWAYS, Fault::status(400));
    tags(&registry, &["--last=1"]).succeeds().prints("2\n");
    let asked = [format!("{LIST}?n=1000&last=1"), format!("{LIST}?last=1")];
    assert_eq!(registry.lines(), asked);
    // One that refuses everything is asked twice.
    registry.fault("tags/list", ALWAYS, Fault::status(400));
    registry.forget_requests();
    tags(&registry, &[]).fails(1).says(": status 400");
    assert_eq!(registry.requests().len(), 2);
}

#[test]
fn a_list_that_breaks_off_is_asked_for_again() {
    let registry = with_tags(&["1", "2", "3"]);
    registry.tags_per_page(2);
    registry.fault("last=2", 1, Fault::CutBody(5));
    let run = tags(&registry, &["--retries=1"]).succeeds();
    run.prints("1\n2\n3\n").says("trying again");
    assert_eq!(registry.requests_for("n=1000").len(), 1);
}

#[test]
fn tags_are_listed_with_credentials_and_tokens() {
    let registry = with_tags(&["1", "2", "3"]);
    registry.tags_per_page(2);
    registry.require_basic("joe", "hunter2");
    let name = registry.image("a/b");
    let run = tags(&registry, &[]).fails(4);
    run.says(&format!("roots: {name}: {} denies access", registry.host()));
    let run = tags(&registry, &["--auth=joe:hunter2"]).succeeds();
    run.prints("1\n2\n3\n").never_says("hunter2");
    registry.require_token(TokenRules::new());
    registry.forget_requests();
    tags(&registry, &[]).succeeds().prints("1\n2\n3\n");
    assert_eq!(
        registry.requests_for("/token").len(),
        1,
        "one token for all"
    );
}

#[test]
fn a_repository_that_is_not_there_is_not_found() {
    let registry = with_tags(&["1"]);
    let sandbox = Sandbox::new("tags");
    let name = registry.image("no/such");
    let run = sandbox.roots(["tags", &name]).run().fails(3);
    let why = "NAME_UNKNOWN repository name not known to registry";
    run.says(&format!("roots: {name}: no such repository: {why}\n"))
        .says("hint: check the spelling of the name\n");
}

#[test]
fn a_list_comes_from_one_host_and_says_from_which_mirror() {
    let (mirror, registry) = (with_tags(&["1", "2"]), with_tags(&["1", "2", "3"]));
    mirror.tags_per_page(1);
    let option = format!("--mirror=http://{}", mirror.host());
    let run = tags(&registry, &[&option]).succeeds().prints("1\n2\n");
    let name = registry.image("a/b");
    run.says(&format!(
        "{name}: listed by the mirror {}, which may lack tags\n",
        mirror.host()
    ));
    let ns = format!("ns={}", registry.host());
    let asked = mirror.lines();
    assert!(asked.iter().all(|line| line.ends_with(&ns)), "{asked:?}");
    assert_eq!((asked.len(), registry.lines().len()), (2, 0));
    // What one has half of is not put together with what the other has.
    mirror.fault("last=1", ALWAYS, Fault::status(500));
    let run = tags(&registry, &[&option]).succeeds().prints("1\n2\n3\n");
    assert!(!run.stderr.contains("may lack"), "{}", run.stderr);
    // One that lists nothing, as Spegel does.
    mirror.recover();
    mirror.fault("tags/list", ALWAYS, Fault::status(404));
    let run = tags(&registry, &[&option]).succeeds().prints("1\n2\n3\n");
    assert_eq!(run.stderr, "");
}

#[test]
fn what_is_not_a_repository_is_refused_before_anything_is_asked() {
    let (registry, sandbox) = (with_tags(&["1"]), Sandbox::new("tags"));
    let name = registry.image("a/b");
    let tagged = format!("{name}:1");
    let pinned = format!("{name}@{}", hello().manifest.digest);
    for image in [&tagged, &pinned] {
        let run = sandbox.roots(["tags", image]).run().fails(2);
        run.says(&format!(
            "roots: {image}: the name of a repository has no tag or digest\n"
        ))
        .says(&format!("hint: write roots tags {name}\n"));
    }
    for (operands, why) in [
        (&["./a"][..], "./a: only registries list tags\n"),
        (&["oci:a"], "oci:a: only registries list tags\n"),
        (&["-"], "-: only registries list tags\n"),
        (&[], "tags: NAME is missing\n"),
        (&[""], "tags: NAME is missing\n"),
        (&[&name, "x"], "tags: unexpected operand: x\n"),
        (
            &[&name, "--limit=0"],
            "--limit: not a number of 1 or more\n",
        ),
        (
            &[&name, "--limit=-1"],
            "--limit: not a number of 1 or more\n",
        ),
        (&[&name, "--last=a b"], "--last: not a tag\n"),
        (&[&name, "--last="], "--last: not a tag\n"),
        (&["A/B/C"], "A/B/C: "),
        (&["http://a/b"], "http://a/b: "),
    ] {
        let run = sandbox.roots(["tags"]).args(operands).run().fails(2);
        run.says(&format!("roots: {why}"));
    }
    assert_eq!(registry.lines(), [""; 0]);
    let run = sandbox.roots(["list-tags", &name]).run().fails(2);
    run.says("hint: did you mean `roots tags`?\n");
}
