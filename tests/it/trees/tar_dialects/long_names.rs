//! GNU's headers `L` and `K`.

use super::{extended, pull, reads, refuses};
use crate::support::Layer;

#[test]
fn a_long_name_ends_at_its_first_nul_or_where_it_ends() {
    let long = "n".repeat(200);
    for (name, contents) in [
        ("with NUL", format!("{long}\0")),
        ("without", long.clone()),
        ("junk behind", format!("{long}\0/../junk")),
        ("many", format!("{long}{}", "\0".repeat(400))),
    ] {
        let layer = Layer::new().raw(extended(b'L', &contents));
        reads(
            name,
            layer.file("x", 0o644, "hello"),
            &format!("f 0644 5 {long}\n"),
        );
        let layer = Layer::new().raw(extended(b'K', &contents));
        reads(name, layer.symlink("s", "x"), &format!("l s -> {long}\n"));
        let layer = Layer::new()
            .file(&long, 0o644, "hello")
            .raw(extended(b'K', &contents));
        let sketch = format!("f 0644 5 {long}\nh s -> {long}\n");
        reads(name, layer.hardlink("s", "x"), &sketch);
    }
}

#[test]
fn of_several_long_names_the_last_holds() {
    let layer = Layer::new()
        .raw(extended(b'L', "lost\0"))
        .raw(extended(b'K', "lost\0"))
        .raw(extended(b'L', "name\0"))
        .raw(extended(b'K', "target\0"))
        .symlink("x", "y");
    reads("last", layer, "l name -> target\n");
}

#[test]
fn a_long_name_holds_for_one_entry_only() {
    let layer = Layer::new()
        .raw(extended(b'L', "a\0"))
        .raw(extended(b'K', "b\0"))
        .file("x", 0o644, "hello")
        .symlink("s", "t");
    reads("one", layer, "f 0644 5 a\nl s -> t\n");
}

#[test]
fn a_long_name_with_a_slash_at_its_end_names_an_old_directory() {
    let long = "d".repeat(150);
    let layer = Layer::new()
        .raw(extended(b'L', format!("{long}/\0")))
        .entry(0, &long[..100])
        .mode(0o750);
    reads("old", layer, &format!("d 0750 {long}/\n"));
}

#[test]
fn what_the_writers_write_is_read() {
    let deep = "directory/".repeat(30);
    let target = "../".repeat(60) + "x";
    let layer = Layer::new()
        .file(format!("{deep}file"), 0o600, "gnu")
        .gnu()
        .symlink(format!("{deep}link"), &target)
        .gnu()
        .hardlink(format!("{deep}twin"), format!("{deep}file"))
        .gnu();
    let found = pull("gnu", layer).tree();
    let link = &found[format!("{deep}link").as_bytes()];
    assert_eq!(link.target.as_deref(), Some(target.as_bytes()));
    let twin = &found[format!("{deep}twin").as_bytes()];
    assert_eq!(twin.twin, Some(format!("{deep}file").into_bytes()));
}

#[test]
fn extended_headers_of_more_than_a_mebibyte_are_refused() {
    let why = "its extended header is longer than 1 MiB";
    for kind in [b'x', b'g', b'L', b'K'] {
        let contents = vec![b'a'; (1 << 20) + 1];
        let layer = Layer::new().raw(extended(kind, contents));
        refuses(
            &char::from(kind).to_string(),
            layer.file("f", 0o644, ""),
            why,
        );
    }
    // 17 bytes of record stand round it.
    let value = "v".repeat((1 << 20) - 17);
    let layer = Layer::new().file("f", 0o644, "").pax("comment", value);
    reads("just fits", layer, "f 0644 0 f\n");
}
