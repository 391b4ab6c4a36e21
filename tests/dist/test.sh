#!/usr/bin/env bash
# Runs each binary of target/dist, those for other processors in qemu's user mode, and compares the trees that they make
# with those of the binary for this machine: from a folder, from a real registry, in an otherwise empty root, and with files
# and times that do not fit into 32 bits. Needs root.
set -euo pipefail

cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
dist=$(realpath "$target/dist")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
fail() { echo "dist: $*" >&2 && exit 1; }
[ -e "$dist/SHA256SUMS" ] || fail "there is no release in $dist: make dist"
(cd "$dist" && sha256sum --quiet --check SHA256SUMS)
ls "$dist/roots-$version-"*.tar.gz >/dev/null || fail "the release in $dist is not $version: make dist"
tests/interop-setup.sh dist
lintian --fail-on error,warning "$dist"/*.deb
interop=$(realpath "$target/interop")
host=$(uname -m)
mkdir -p "$target/tmp"
lab=$(mktemp -d "$(realpath "$target/tmp")/dist.XXXXXX")
registry=
trap '[ -z "$registry" ] || kill "$registry" || true; rm -rf "$lab"' EXIT
# The platform of the images. Without it, each binary would ask for its own.
export ROOTS_CACHE=no ROOTS_RETRIES=0
ROOTS_PLATFORM=linux/$(dpkg --print-architecture)
export ROOTS_PLATFORM

# Sets `emulator` to the words in front of a binary for `target`.
emulate() {
    case $1 in
        "$host"-*) emulator=() ;;
        armv7-*) emulator=(qemu-arm-static) ;;
        riscv64gc-*) emulator=(qemu-riscv64-static) ;;
        *) emulator=("qemu-${1%%-*}-static") ;;
    esac
}

# What Debian calls the processor of a target.
architecture() {
    case $1 in
        x86_64-*) echo amd64 ;;
        aarch64-*) echo arm64 ;;
        armv7-*) echo armhf ;;
        riscv64gc-*) echo riscv64 ;;
    esac
}

# Prints all that can be seen of a tree, but for the contents of files.
sketch() {
    (cd "$1" && find . -printf '%P %y %m %U:%G %s %T@ %l\n' | sed -E 's/^(.* d [0-7]+ [0-9]+:[0-9]+) [0-9]+/\1/' | LC_ALL=C sort
        getfattr -Rhd -m - -e hex . 2>/dev/null | sed '/^security.selinux/d')
}

same() {
    diff <(sketch "$lab/expected/$1") <(sketch "$2") >&2 || fail "$binary: the tree of $1 differs"
    # shellcheck disable=SC2016 # for the shell in there
    (cd "$lab/expected/$1" && find . -type f -exec sh -ec 'other=$1; shift; for file; do cmp "$file" "$other/$file"; done' \
        - "$2" {} +) >&2 || fail "$binary: files of $1 differ"
}

# Whatever 32 bits do not hold: 5 GiB with data at the end, and times after 2038 and 2106, and before 1901.
make_large() {
    local tree=$lab/large.tree
    mkdir -p "$tree"
    truncate -s 5G "$tree/sparse"
    printf 'the end' >>"$tree/sparse"
    printf 'past 4 GiB' | dd of="$tree/sparse" bs=1 seek=4294967300 conv=notrunc status=none
    touch -d '2038-01-19 03:14:08.5 UTC' "$tree/2038"
    touch -d '2106-02-07 06:28:16.123456789 UTC' "$tree/2106"
    touch -d '1901-12-13 20:45:51 UTC' "$tree/1901"
    chown 3000000000:4000000000 "$tree/2106"
    tar -C "$tree" --format=pax --pax-option=delete=atime,delete=ctime --sparse --numeric-owner --sort=name -cf "$lab/large.tar" .
    # Not sparse in the archive: its length and its DiffID are counted over more than 4 GiB.
    mkdir "$lab/long.tree"
    truncate -s 4300M "$lab/long.tree/zeros"
    umoci init --layout "$lab/layout"
    local name
    for name in large long; do
        umoci new --image "$lab/layout:$name"
    done
    umoci raw add-layer --image "$lab/layout:large" "$lab/large.tar"
    tar -C "$lab/long.tree" --numeric-owner -cf - . | umoci raw add-layer --image "$lab/layout:long" /dev/stdin
}

start_registry() {
    printf 'version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: "%s"}}\nhttp: {addr: "127.0.0.1:0"}\n' \
        "$lab/storage" >"$lab/registry.yml"
    docker-registry serve "$lab/registry.yml" >"$lab/registry.log" 2>&1 &
    registry=$!
    local tries
    for tries in {1..200}; do
        address=$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' "$lab/registry.log")
        [ -z "$address" ] || return 0
        sleep 0.1
    done
    fail "docker-registry did not start after $tries attempts"
}

# Pulls each image with the binary for `target`, and says where the trees are.
pull_all() {
    local to=$1
    mkdir "$to"
    "${emulator[@]}" "$binary" pull --quiet ./fixtures/demo "$to/demo" >/dev/null
    "${emulator[@]}" "$binary" pull --quiet "$address/debian:base" "$to/debian" >/dev/null
    "${emulator[@]}" "$binary" pull --quiet "oci:$lab/layout:large" "$to/large" >/dev/null
    "${emulator[@]}" "$binary" verify --quiet "$to/debian" "$address/debian:base"
}

# A root with nothing in it but the binary, and the file system that it fills.
pull_into_empty_root() {
    mkdir -p "$lab/empty/mnt"
    cp "$binary" "$lab/empty/roots"
    local inside=()
    if [ ${#emulator[@]} -gt 0 ]; then
        cp "$(command -v "${emulator[0]}")" "$lab/empty/emulator"
        inside=(/emulator)
    fi
    # shellcheck disable=SC2016 # for the shell in there
    unshare --mount sh -euc 'mount -t tmpfs tmpfs "$1/empty/mnt"; root=$1; tree=$2; shift 2; chroot "$root/empty" "$@" >/dev/null
        cp -a "$root/empty/mnt" "$tree"' - "$lab" "$1" "${inside[@]}" /roots pull --quiet "$address/debian:base" /mnt
    rm -rf "$lab/empty"
}

make_large
start_registry
skopeo copy --quiet --dest-tls-verify=false "oci:$interop/debian:base" "docker://$address/debian:base"

# The expected trees are those of the debug build that the integration tests have compared with umoci's.
cargo build --quiet --locked
binary=$target/debug/roots emulator=()
pull_all "$lab/expected"

for archive in "$dist/roots-$version-"*.tar.gz; do
    binary=${archive%.tar.gz}
    target=${binary#"$dist/roots-$version-"}
    SECONDS=0
    emulate "$target"
    [ "$("${emulator[@]}" "$binary" version)" = "roots $version" ] || fail "$binary: another version"
    "${emulator[@]}" "$binary" version --json | grep -q "\"target\":\"$target\"" || fail "$binary: another target"
    tar -xzOf "$archive" "${binary##*/}/bin/roots" | cmp - "$binary" || fail "$archive: another binary"
    dpkg-deb --fsys-tarfile "$dist/roots_${version}_$(architecture "$target").deb" | tar -xO ./usr/bin/roots | cmp - "$binary" ||
        fail "$target: another binary in the package of Debian"
    pull_all "$lab/trees"
    for tree in demo debian large; do
        same "$tree" "$lab/trees/$tree"
    done
    pull_into_empty_root "$lab/alone"
    same debian "$lab/alone"
    case $target in
        arm*) "${emulator[@]}" "$binary" pull --quiet "oci:$lab/layout:long" "$lab/long" >/dev/null
            cmp "$lab/long.tree/zeros" "$lab/long/zeros" ;;
    esac
    rm -rf "$lab/trees" "$lab/alone" "$lab/long"
    echo "dist: $target: the trees are the same ($SECONDS s)"
done
