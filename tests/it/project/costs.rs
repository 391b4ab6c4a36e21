//! What a pull costs in what can be counted: system calls, bytes, memory. Nothing here looks at a clock; a change that makes
//! pulls slow without making them wrong is seen here first.

mod allocations;

use crate::support::sandbox::{Command, is_root};
use crate::support::{
    Ability, Compression, Image, Layer, Layout, Random, Registry, Sandbox, TokenRules, Traced,
};

/// The number of `exit_group` on x86-64, the last call of a process.
const EXIT: u64 = 231;

/// That of `fcntl`, with which a debug build looks at every descriptor before it closes it. Nothing else asks so often.
const FCNTL: u64 = 72;

/// That of `connect`.
const CONNECT: u64 = 42;

/// That of `openat`.
const OPEN: u64 = 257;

/// What a pull has cost when it is about to end.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    calls: u64,
    connections: u64,
    opened: u64,
    /// Bytes that went through read and its like; what comes from sockets is not counted by the kernel.
    read: u64,
    written: u64,
}

/// Whether costs can be told here.
fn cannot_count() -> bool {
    !Traced::CAN_REPLACE || Ability::Tracing.is_missing()
}

fn count(sandbox: &Sandbox, command: Command) -> Cost {
    let traced = Traced::start(sandbox, command).unwrap();
    let mut cost = Cost::default();
    let running = traced.calls(|_, traced| {
        let number = traced.call().number;
        cost.calls += u64::from(number != FCNTL);
        cost.connections += u64::from(number == CONNECT);
        cost.opened += u64::from(number == OPEN);
        if number == EXIT {
            let io = traced.proc("io");
            (cost.read, cost.written) = (field(&io, "rchar:"), field(&io, "wchar:"));
        }
        true
    });
    running.wait().succeeds();
    cost
}

/// The number behind `name` in a file of /proc.
fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.unwrap().parse().unwrap()
}

/// A layer of small files, a hundred in a directory.
fn small_files(count: usize, uid: u64, gid: u64) -> Layer {
    (0..count).fold(Layer::new(), |layer, number| {
        let dir = format!("{}", number / 100);
        let layer = match number % 100 {
            0 => layer.dir(&dir, 0o755).owner(uid, gid),
            _ => layer,
        };
        let name = format!("{dir}/file-{number}");
        layer.file(name, 0o644, format!("{number}")).owner(uid, gid)
    })
}

/// The pull of a layout of these layers into `dest`.
fn pull(sandbox: &Sandbox, dest: &str, layers: impl IntoIterator<Item = Layer>) -> Command {
    let image = layers
        .into_iter()
        .fold(Image::new(), |image, layer| {
            image.layer(layer).compressed(Compression::Gzip)
        })
        .build();
    Layout::new()
        .image("image", &image)
        .write(sandbox.path(format!("{dest}.layout")));
    let image = format!("./{dest}.layout");
    sandbox.roots(["pull", &image, dest, "--cache=no"])
}

/// What the pull of a layout of these layers costs.
fn cost_of(layers: impl IntoIterator<Item = Layer>) -> Cost {
    let sandbox = Sandbox::new("costs");
    let command = pull(&sandbox, "dest", layers);
    count(&sandbox, command)
}

/// The most memory that the pull of a layout of these layers into `dest` has, in KiB.
fn memory_of(sandbox: &Sandbox, dest: &str, layers: impl IntoIterator<Item = Layer>) -> u64 {
    let traced = Traced::start(sandbox, pull(sandbox, dest, layers)).unwrap();
    let mut memory = 0;
    let running = traced.ends(|traced| {
        let status = traced.proc("status");
        // How much of the binary is in memory is the kernel's choice.
        memory = field(&status, "VmHWM:") - field(&status, "RssFile:");
    });
    running.wait().succeeds();
    memory
}

/// The caller's own ids, so that nothing has to be given away.
fn own() -> (u64, u64) {
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    (uid.as_raw().into(), gid.as_raw().into())
}

#[test]
fn a_small_file_takes_four_system_calls() {
    if cannot_count() {
        return;
    }
    let (uid, gid) = own();
    let costs = [200, 1200].map(|count| cost_of([small_files(count, uid, gid)]));
    let calls = costs[1].calls - costs[0].calls;
    // Made, written, given its time, closed; and each of ten directories made, opened, given its time, closed.
    assert!((4000..=4045).contains(&calls), "{calls} for 1000 files");
}

#[test]
fn a_small_file_of_somebody_else_takes_five_system_calls() {
    if cannot_count() || !is_root() {
        return;
    }
    let costs = [200, 1200].map(|count| cost_of([small_files(count, 33, 33)]));
    let calls = costs[1].calls - costs[0].calls;
    assert!((5000..=5055).contains(&calls), "{calls} for 1000 files");
}

#[test]
fn a_file_in_the_way_takes_few_more() {
    if cannot_count() {
        return;
    }
    let (uid, gid) = own();
    let twice = |count| cost_of([small_files(count, uid, gid), small_files(count, uid, gid)]);
    let calls = twice(1200).calls - twice(200).calls;
    // In the second layer: found to be there, removed, made.
    assert!((10_000..=10_200).contains(&calls), "{calls} for 1000 files");
}

#[test]
fn memory_does_not_grow_with_the_image() {
    if cannot_count() {
        return;
    }
    let (uid, gid) = own();
    let large = Random::new(1).bytes(20_000_000);
    let wide = (0..100_000).fold(Layer::new(), |layer, number| {
        layer
            .file(format!("dir/{number}"), 0o644, "")
            .owner(uid, gid)
    });
    // One folder for all: ext4 takes its time for new files where many have just gone.
    let sandbox = Sandbox::new("costs");
    let memory = [
        memory_of(&sandbox, "few", [small_files(100, uid, gid)]),
        memory_of(&sandbox, "many", [small_files(20_000, uid, gid)]),
        memory_of(
            &sandbox,
            "large",
            [Layer::new().file("large", 0o644, large).owner(uid, gid)],
        ),
        // Each name is one that a whiteout might hide, until one hides them all.
        memory_of(
            &sandbox,
            "wide",
            [
                Layer::new().dir("dir", 0o755).owner(uid, gid),
                wide,
                Layer::new().whiteout("dir"),
            ],
        ),
    ];
    // Buffers, and of names those that are remembered before the others wait in a file: 900 KiB. All would be 1,800 KiB.
    for (with, allowed) in memory.into_iter().zip([0, 1024, 1024, 1400]) {
        let more = with.saturating_sub(memory[0]);
        assert!(more <= allowed, "{memory:?}");
    }
}

/// An image of one file that cannot be compressed.
fn noise(size: usize) -> Image {
    let bytes = Random::new(1).bytes(size);
    let layer = Layer::new().file("noise", 0o644, bytes);
    Image::new().layer(layer).compressed(Compression::Gzip)
}

/// What 2,000,000 bytes more cost: of each image the cost that `of` finds, in a sandbox of its own.
fn two_megabytes_more(of: impl Fn(&Sandbox, &Registry, &str) -> Cost) -> Cost {
    let costs = [1_000_000, 3_000_000].map(|size| {
        let (sandbox, registry) = (Sandbox::new("costs"), Registry::start());
        let name = registry.push("a/b", "1", &noise(size).build());
        of(&sandbox, &registry, &name)
    });
    Cost {
        calls: costs[1].calls - costs[0].calls,
        connections: costs[1].connections - costs[0].connections,
        opened: costs[1].opened - costs[0].opened,
        read: costs[1].read - costs[0].read,
        written: costs[1].written - costs[0].written,
    }
}

/// Asserts a number of bytes up to one part in a hundred: gzip has headers of its own.
fn assert_bytes(bytes: u64, wanted: u64, what: &str) {
    assert!(bytes.abs_diff(wanted) <= 20_000, "{what}: {bytes} bytes");
}

#[test]
fn what_comes_from_a_registry_is_written_once_to_the_tree_and_once_to_the_cache() {
    if cannot_count() {
        return;
    }
    let cost = two_megabytes_more(|sandbox, _, name| {
        count(sandbox, sandbox.roots(["pull", name, "dest"]))
    });
    assert_bytes(cost.read, 0, "read again");
    assert_bytes(cost.written, 4_000_000, "written");
    let cost = two_megabytes_more(|sandbox, _, name| {
        count(sandbox, sandbox.roots(["pull", name, "dest", "--cache=no"]))
    });
    assert_bytes(cost.read, 0, "read again without a cache");
    assert_bytes(cost.written, 2_000_000, "written without a cache");
}

#[test]
fn what_comes_from_the_cache_is_read_once() {
    if cannot_count() {
        return;
    }
    let cost = two_megabytes_more(|sandbox, _, name| {
        sandbox.roots(["pull", name, "first"]).run().succeeds();
        count(sandbox, sandbox.roots(["pull", name, "dest"]))
    });
    assert_bytes(cost.read, 2_000_000, "read");
    assert_bytes(cost.written, 2_000_000, "written");
}

#[test]
fn large_contents_go_in_large_pieces() {
    if cannot_count() {
        return;
    }
    let cost = two_megabytes_more(|sandbox, registry, name| {
        drop(registry.requests());
        sandbox.roots(["pull", name, "first"]).run().succeeds();
        count(sandbox, sandbox.roots(["pull", name, "dest"]))
    });
    // 256 KiB at once: 8 reads and 8 writes, not 30 of each.
    assert!(cost.calls <= 20, "{} calls for 2 MB", cost.calls);
}

#[test]
fn large_layers_come_over_two_connections() {
    if cannot_count() {
        return;
    }
    let (uid, gid) = own();
    let (sandbox, registry) = (Sandbox::new("costs"), Registry::start());
    let random = &mut Random::new(1);
    // The next layer is asked for while this one is on its way. Further ones are only if they are wanted soon.
    let image = (0..4).fold(Image::new(), |image, number| {
        let name = format!("file-{number}");
        let layer = Layer::new().file(name, 0o644, random.bytes(4_500_000));
        image.layer(layer.owner(uid, gid))
    });
    let name = registry.push("a/b", "1", &image.build());
    let cost = count(&sandbox, sandbox.roots(["pull", &name, "dest"]));
    assert_eq!(cost.connections, 2, "{cost:?}");
}

#[test]
fn a_name_is_looked_up_for_a_connection_and_not_for_each_request() {
    if cannot_count() {
        return;
    }
    // Whoever looks a name up opens a file or connects, each time. With a token there is one request more under the name,
    // and no connection; the token itself has an address.
    let more = |host: &str| {
        let [without, with] = [false, true].map(|asks_for_a_token| {
            let (sandbox, registry) = (Sandbox::new("costs"), Registry::start());
            if asks_for_a_token {
                registry.require_token(TokenRules::new());
            }
            let name = registry.push("a/b", "1", &noise(1_000_000).build());
            let name = name.replace("127.0.0.1", host);
            let cost = count(&sandbox, sandbox.roots(["pull", &name, "dest"]));
            assert_eq!(
                registry.requests().len(),
                if asks_for_a_token { 5 } else { 3 }
            );
            cost.opened + cost.connections
        });
        with - without
    };
    assert_eq!(more("localhost"), more("127.0.0.1"));
}
