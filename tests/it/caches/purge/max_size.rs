//! `roots purge --max-size`: what was used least recently goes, and no more of it than has to.

use super::pulled;
use crate::support::{Blob, Built, Compression, Fault, Image, Layer, Registry, Run, Sandbox};
use std::fs;
use std::time::{Duration, SystemTime};

/// An image that shares nothing with others.
fn image(name: &str) -> Built {
    let layer = Layer::new().file(name, 0o644, vec![b'x'; 6000]);
    let image = Image::new().layer(layer).compressed(Compression::None);
    image.build()
}

/// Three images in the cache, the first one used least recently, pulled into folders of their names.
fn aged() -> (Sandbox, Registry, Vec<Built>) {
    let (sandbox, registry) = (Sandbox::new("max_size"), Registry::start());
    let names = ["old", "middle", "new"];
    let images: Vec<_> = names.iter().map(|name| image(name)).collect();
    for (age, (name, image)) in (0..).zip(names.iter().zip(&images)) {
        let reference = registry.push("a", name, image);
        sandbox.roots(["pull", &reference, name]).run().succeeds();
        let time = SystemTime::now() - Duration::from_secs(3600 * (10 - age));
        for blob in blobs(image) {
            let blob = sandbox.path(format!("cache/blobs/sha256/{}", blob.hex()));
            fs::File::open(blob).unwrap().set_modified(time).unwrap();
        }
    }
    (sandbox, registry, images)
}

/// All that the cache has of an image.
fn blobs(image: &Built) -> impl Iterator<Item = &Blob> {
    image.blobs().chain([&image.manifest])
}

fn count(sandbox: &Sandbox) -> usize {
    sandbox.names("cache/blobs/sha256").len()
}

fn size(image: &Built) -> u64 {
    blobs(image).map(|blob| blob.bytes.len() as u64).sum()
}

fn purge(sandbox: &Sandbox, size: u64, options: &[&str]) -> Run {
    let purge = sandbox.roots(["purge", "--max-size", &size.to_string()]);
    purge.args(options).run().succeeds()
}

fn has(sandbox: &Sandbox, image: &Built) -> bool {
    sandbox.cached().contains(&image.layers[0].digest)
}

#[test]
fn the_least_recently_used_goes_until_the_cache_fits() {
    let (sandbox, registry, images) = aged();
    for name in ["old", "middle", "new"] {
        fs::remove_dir_all(sandbox.path(name)).unwrap();
    }
    let all: u64 = images.iter().map(size).sum();
    // What fits, stays, used or not.
    let run = purge(&sandbox, all, &[]);
    run.says(&format!(": 0 blobs dropped, 0 B; {} left\n", shown(all)));
    // A pull makes its image the one that was used last.
    let again = sandbox.roots(["pull", &registry.image("a:old"), "again"]);
    again.run().succeeds();
    fs::remove_dir_all(sandbox.path("again")).unwrap();
    let limit = size(&images[0]) + size(&images[2]);
    let plan = purge(&sandbox, limit, &["-n"]);
    let lines: Vec<_> = plan.stdout.lines().map(str::to_owned).collect();
    let mut expected: Vec<_> = blobs(&images[1])
        .map(|blob| format!("{}\tblobs/sha256/{}", blob.bytes.len(), blob.hex()))
        .collect();
    // Of the same age, they go by their names.
    expected.sort_by_key(|line| line.split_once('\t').unwrap().1.to_owned());
    assert_eq!(lines, expected);
    assert_eq!(count(&sandbox), 9);
    purge(&sandbox, limit, &[]).says(": 3 blobs dropped, ");
    let left = images.iter().map(|image| has(&sandbox, image));
    assert_eq!(left.collect::<Vec<_>>(), [true, false, true]);
    // One byte less, and one blob more goes: no whole image.
    purge(&sandbox, limit - 1, &[]).says(": 1 blob dropped, ");
    assert_eq!(count(&sandbox), 5);
    purge(&sandbox, 0, &[]).says("; 0 B left\n");
    assert_eq!(count(&sandbox), 0);
}

fn shown(bytes: u64) -> String {
    let tenths = (bytes + 50) / 100;
    format!("{}.{} kB", tenths / 10, tenths % 10)
}

#[test]
fn what_destinations_were_made_of_goes_with_all_only() {
    let (sandbox, _registry, images) = aged();
    fs::remove_dir_all(sandbox.path("new")).unwrap();
    // The one that nobody uses goes, though it was used last.
    let limit = size(&images[0]);
    let run = purge(&sandbox, limit, &[]);
    let linked = size(&images[0]) + size(&images[1]);
    let [linked, all] = [shown(linked), shown(linked)];
    let warning = format!(
        "{all} left, more than --max-size allows: existing destinations were made of {linked}, \
         which --all drops as well\n"
    );
    assert!(run.stderr.ends_with(&warning), "{}", run.stderr);
    let left = images.iter().map(|image| has(&sandbox, image));
    assert_eq!(left.collect::<Vec<_>>(), [true, true, false]);
    // A warning is not what has gone wrong.
    let quiet = purge(&sandbox, limit, &["--quiet"]);
    assert_eq!((&*quiet.stdout, &*quiet.stderr), ("", ""));
    let run = purge(&sandbox, limit, &["--all"]).never_says("more than --max-size");
    run.says(": 3 blobs dropped, ");
    assert!(!has(&sandbox, &images[0]) && has(&sandbox, &images[1]));
    // The tree and its record stay, and a pull is all that it takes to have the blobs again.
    let update = ["pull", "--update", "--offline", "a:1", "old"];
    sandbox.roots(update).run().fails(3);
    sandbox.roots(["inspect", "old"]).run().succeeds();
}

#[test]
fn what_is_too_young_or_in_use_stays_and_that_is_said() {
    let (sandbox, registry, images) = aged();
    for name in ["old", "middle", "new"] {
        fs::remove_dir_all(sandbox.path(name)).unwrap();
    }
    let run = purge(&sandbox, 0, &["--older-than=9h"]);
    run.clone()
        .says(": 6 blobs dropped, ")
        .says(" left, more than --max-size allows: 8.3 kB is younger than --older-than\n");
    assert!(has(&sandbox, &images[2]));
    let slow = image("slow");
    let name = registry.push("a", "slow", &slow);
    registry.fault(&slow.layers[0].digest, 1, Fault::Hold(700));
    let pull = sandbox.roots(["pull", &name, "slow"]).spawn();
    pull.until_says("layer 1/1");
    let run = purge(&sandbox, 0, &["--all"]);
    run.says(" left, more than --max-size allows: running pulls use it\n");
    assert_eq!(sandbox.cached(), [&*slow.config.digest]);
    registry.release();
    pull.wait().succeeds();
    assert!(has(&sandbox, &slow));
}

#[test]
fn rubbish_and_broken_off_blobs_count_and_go_by_their_age() {
    let (sandbox, _registry, images) = aged();
    let hex = "0".repeat(64);
    for (name, age) in [(format!(".{hex}"), 20), ("rubbish".to_owned(), 0)] {
        let path = sandbox.write(format!("cache/blobs/sha256/{name}"), vec![0; 500]);
        let time = SystemTime::now() - Duration::from_secs(3600 * age);
        fs::File::open(path).unwrap().set_modified(time).unwrap();
    }
    let all: u64 = images.iter().map(size).sum();
    purge(&sandbox, all + 999, &[]).says(": 1 blob dropped, 500 B; ");
    assert!(!sandbox.has(format!("cache/blobs/sha256/.{hex}")));
    purge(&sandbox, all + 499, &[]).says(": 1 blob dropped, 500 B; ");
    assert!(!sandbox.has("cache/blobs/sha256/rubbish"));
    assert_eq!(count(&sandbox), 9);
}

#[test]
fn a_size_that_is_none_is_refused_before_anything_goes() {
    let (sandbox, _registry) = pulled();
    for wrong in ["", "-1", "2X", "1.5G", "99999999999T"] {
        let run = sandbox.roots(["purge", "--all", "--max-size", wrong]).run();
        assert_eq!(run.code, Some(2), "{wrong}: {}", run.stderr);
        assert!(
            run.stderr.starts_with("roots: --max-size: "),
            "{}",
            run.stderr
        );
    }
    assert_eq!(sandbox.cached().len(), 4);
}
