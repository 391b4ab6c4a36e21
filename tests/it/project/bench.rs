//! What `make bench` needs and a test can make: images, each a layout with two files beside it that list the digests of its
//! layers and count its entries; and a slow wire.

use crate::support::{Compression, Image, Layer, Layout, Random};
use flate2::read::MultiGzDecoder;
use std::env::var_os;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

/// Words rather than noise: what programs and texts are made of can be compressed to a third.
fn contents(random: &mut Random, size: usize) -> Vec<u8> {
    let words: Vec<Vec<u8>> = (0..256).map(|_| random.bytes(6)).collect();
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&words[random.below(256)]);
        bytes.extend(random.bytes(1));
    }
    bytes.truncate(size);
    bytes
}

/// The tar of a layer of files of 1 to 4 KiB, a hundred in a directory, and how many entries it has.
fn files(random: &mut Random, layer: usize, count: usize) -> (Vec<u8>, usize) {
    let mut tar = Layer::new();
    for number in 0..count {
        if number % 100 == 0 {
            tar = tar.dir(format!("{layer}-{}", number / 100), 0o755);
        }
        let size = 1024 + random.below(3072);
        let name = format!("{layer}-{}/file-{number}", number / 100);
        tar = tar.file(name, 0o644, contents(random, size));
    }
    (tar.tar(), count + count.div_ceil(100))
}

/// The tar of a layer of one file.
fn file(name: &str, contents: &[u8]) -> (Vec<u8>, usize) {
    (Layer::new().file(name, 0o644, contents).tar(), 1)
}

/// Writes an image of these layers, and the same in zstd if that is wanted.
fn write(name: &str, layers: &[(Vec<u8>, usize)], zstd: bool) {
    let folder = folder("ROOTS_BENCH");
    let twin = [("-zstd", Compression::Zstd)];
    let kinds = [("", Compression::Gzip)].into_iter();
    for (suffix, compression) in kinds.chain(twin.into_iter().filter(|_| zstd)) {
        let image = layers.iter().fold(Image::new(), |image, (tar, _)| {
            image.layer_tar(tar.clone()).compressed(compression)
        });
        let image = image.build();
        let name = format!("{name}{suffix}");
        Layout::new()
            .image("image", &image)
            .write(folder.join(&name));
        let digests = image.layers.iter().map(|layer| layer.hex());
        let digests = digests.collect::<Vec<_>>().join("\n");
        fs::write(folder.join(format!("{name}.layers")), digests).unwrap();
        let entries: usize = layers.iter().map(|(_, entries)| entries).sum();
        fs::write(folder.join(format!("{name}.entries")), entries.to_string()).unwrap();
    }
}

/// The folder that a variable names.
fn folder(variable: &str) -> PathBuf {
    PathBuf::from(var_os(variable).unwrap_or_else(|| panic!("{variable} names a folder")))
}

/// The tars of the layers of a layout with one image in it, and how many entries each has.
fn layers_of(layout: &Path) -> Vec<(Vec<u8>, usize)> {
    let blob = |descriptor: &serde_json::Value| {
        let digest = descriptor["digest"].as_str().unwrap().to_owned();
        layout.join("blobs").join(digest.replace(':', "/"))
    };
    let json = |path: &Path| -> serde_json::Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let index = json(&layout.join("index.json"));
    let manifest = json(&blob(&index["manifests"][0]));
    let layers = manifest["layers"].as_array().unwrap().iter().map(|layer| {
        let mut tar = Vec::new();
        let mut gzip = MultiGzDecoder::new(fs::File::open(blob(layer)).unwrap());
        gzip.read_to_end(&mut tar).unwrap();
        let entries = tar::Archive::new(&tar[..]).entries().unwrap().count();
        (tar, entries)
    });
    layers.collect()
}

#[test]
#[ignore = "makes images for make bench"]
fn images() {
    let random = &mut Random::new(1);
    write(
        "application",
        &layers_of(&folder("ROOTS_BENCH_APPLICATION")),
        true,
    );
    write("1000-files", &[files(random, 0, 1_000)], false);
    write("10000-files", &[files(random, 0, 10_000)], false);
    write("files", &[files(random, 0, 100_000)], true);
    let layers: Vec<_> = (0..100).map(|n| files(random, n, 20)).collect();
    write("layers", &layers, true);
    let big = contents(random, 1 << 30);
    write("10-mb", &[file("big", &big[..10_000_000])], false);
    write("100-mb", &[file("big", &big[..100_000_000])], false);
    write("big", &[file("big", &big)], true);
    let eight = (0..8).map(|n| file(&format!("part-{n}"), &big[n * 118_000_000..][..118_000_000]));
    write("eight", &eight.collect::<Vec<_>>(), false);
    let four: Vec<_> = (0..4).map(|n| file(&format!("big-{n}"), &big)).collect();
    write("4-gb", &four, false);
    drop((big, four));
    let many: Vec<_> = (0..10).map(|n| files(random, n, 100_000)).collect();
    write("1000000-files", &many, false);
}

#[test]
#[ignore = "runs until it is killed, for make bench"]
fn slow_wire() {
    let variable = |name| var_os(name).unwrap().into_string().unwrap();
    let (to, rate) = (variable("ROOTS_BENCH_TO"), variable("ROOTS_BENCH_RATE"));
    let bytes_per_second = rate.parse::<f64>().unwrap() * 1e6 / 8.0;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    fs::write(variable("ROOTS_BENCH_AT"), address).unwrap();
    let delay = variable_or("ROOTS_BENCH_ROUND_TRIP_MS", "0")
        .parse::<f64>()
        .unwrap()
        / 2e3;
    let delay = Duration::from_secs_f64(delay);
    let is_shared = variable_or("ROOTS_BENCH_LIMIT", "all") == "all";
    // When the wire is free again.
    let shared = Arc::new(Mutex::new(Instant::now()));
    for client in listener.incoming() {
        let (client, to) = (client.unwrap(), to.clone());
        let free = if is_shared {
            Arc::clone(&shared)
        } else {
            Arc::new(Mutex::new(Instant::now()))
        };
        spawn(move || {
            // A connection takes a round trip to open.
            sleep(2 * delay);
            let server = TcpStream::connect(to).unwrap();
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let (up, out) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            spawn(move || forward(up, out, f64::INFINITY, &Mutex::new(Instant::now()), delay));
            forward(server, client, bytes_per_second, &free, delay);
        });
    }
}

fn variable_or(name: &str, usual: &str) -> String {
    var_os(name).map_or_else(|| usual.to_owned(), |value| value.into_string().unwrap())
}

/// Forwards what one side sends, no faster than the wire is, and as late as it is long.
fn forward(
    mut from: TcpStream,
    mut to: TcpStream,
    bytes_per_second: f64,
    free: &Mutex<Instant>,
    delay: Duration,
) {
    // As much as a router would keep.
    let (sender, receiver) = sync_channel::<(Instant, Vec<u8>)>(32);
    let writer = spawn(move || {
        for (due, bytes) in receiver {
            sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let takes = Duration::from_secs_f64(count as f64 / bytes_per_second);
        let until = {
            let mut free = free.lock().unwrap();
            // What a late wake-up costs is made up for.
            let earliest = Instant::now() - Duration::from_millis(10);
            *free = (*free).max(earliest) + takes;
            *free
        };
        sleep(until.saturating_duration_since(Instant::now()));
        if sender
            .send((until + delay, buffer[..count].to_vec()))
            .is_err()
        {
            break;
        }
    }
    drop(sender);
    let _ = writer.join();
}
