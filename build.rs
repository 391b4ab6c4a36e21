//! Tells the crate what it is compiled for: `roots version --json` says it, and only cargo knows the name.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if let Ok(target) = std::env::var("TARGET") {
        println!("cargo::rustc-env=ROOTS_TARGET={target}");
    }
}
