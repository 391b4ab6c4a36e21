//! Made-up source that breaks each rule once, and source that only looks as if it did.

use super::faults;

#[test]
fn a_broken_rule_is_found() {
    for (path, text, found) in [
        (
            "oci/digest.rs",
            "use crate::sys::Dir;",
            "imports `sys`, which is not below `oci`",
        ),
        (
            "layer/mod.rs",
            "use crate::{\n    cache::Cache,\n    oci::Digest,\n};",
            "imports `cache`, which is not below `layer`",
        ),
        (
            "error/mod.rs",
            "fn f() { crate :: progress::step() }",
            "imports `progress`, which is not below `error`",
        ),
        (
            "cache/blob.rs",
            "use super::super::registry::Url;",
            "imports `registry`, which is not below `cache`",
        ),
        (
            "progress.rs",
            "use super::cli;",
            "imports `cli`, which is not below `progress`",
        ),
        ("util.rs", "", "`util` is on no floor"),
        (
            "source/mod.rs",
            "use ureq::Agent;",
            "names the crate `ureq`",
        ),
        (
            "registry/mod.rs",
            "fn f(a: ::ureq::Agent) {}",
            "names the crate `ureq`",
        ),
        ("extract/entry.rs", "use tar;", "names the crate `tar`"),
        (
            "commands/pull.rs",
            "use {std::io, rustix::fs};",
            "names the crate `rustix`",
        ),
        (
            "oci/index.rs",
            "fn f() { sha2::Sha256::new(); }",
            "names the crate `sha2`",
        ),
        (
            "cache/mod.rs",
            "fn f() { x\n.unwrap() }",
            "says `unwrap`: panics",
        ),
        (
            "cache/mod.rs",
            "fn f() { panic!(\"x\") }",
            "says `panic`: panics",
        ),
        (
            "layer/tee.rs",
            "static X: u8 = 0;",
            "says `static`: no globals",
        ),
        (
            "layer/tee.rs",
            "fn f() { std::thread::spawn(|| ()); }",
            "says `thread`: one thread is enough",
        ),
        (
            "layer/tee.rs",
            "#[cfg(test)]\nfn only_for_tests() {}",
            "`#[cfg(test)]` before anything but a `mod tests` at the end",
        ),
        (
            "layer/tee.rs",
            "#[cfg(test)]\nmod tests {\n}\nfn f() {}",
            "`#[cfg(test)]` before anything but a `mod tests` at the end",
        ),
        (
            "layer/tee.rs",
            &"//\n".repeat(301),
            "has 301 lines before its tests, of 300",
        ),
    ] {
        assert_eq!(faults(path, text), [found], "{path}: {text}");
    }
}

#[test]
fn what_only_looks_broken_is_not() {
    for (path, text) in [
        (
            "oci/digest.rs",
            "// use crate::cli;\n/* crate::cli /* nested */ tar:: */\n/// [`crate::cli`]\nuse sha2::Sha256;",
        ),
        (
            "oci/digest.rs",
            "const A: &str = \"crate::cli // \\\" ureq::x\"; const B: &str = r#\"\" unwrap()\"#;",
        ),
        (
            "oci/digest.rs",
            "fn f(x: &'static str) -> char { '\"' }\nfn g(a: u8) { let b = b'\\''; }",
        ),
        (
            "layer/mod.rs",
            "fn f() { self.stream.tar(); layer::tar::x(); expected() }",
        ),
        (
            "layer/mod.rs",
            "use crate::layer::tee;\nuse crate::error::Error;\nuse crate::Progress;",
        ),
        (
            "layer/mod.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::cli;\n    fn f() { x.unwrap() }\n}\n",
        ),
        (
            "layer/mod.rs",
            &format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    //\n".repeat(400)),
        ),
        (
            "layer/mod.rs",
            "#[cfg(test)]\nmod tests;\nuse crate::oci::Digest;",
        ),
    ] {
        assert_eq!(faults(path, text), [""; 0], "{path}: {text}");
    }
}
