#!/bin/sh
# Builds one file that needs nothing but a kernel: target/static/roots for this machine, or target/static/TARGET/roots if
# a TARGET is named. With --toolchain, it says which compiler it takes.
#
# There is one route, the same that `make dist` takes for all targets: zig compiles the C and links with its musl, and the
# standard library is compiled from its sources, for size. If this machine lacks something for that, and no TARGET is
# named, the file is built with glibc instead, as every Rust toolchain can: it works as well, and is larger.
set -eu

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
host=$(rustc -vV | sed -n 's/^host: //p')
arch=${host%%-*}

# rustup's toolchain has them as the component rust-src, Debian's as the package rust-web-src.
has_sources() { [ -e "$("$1" --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]; }

is_recent() {
    needed=$(sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)
    [ "$(printf '%s\n' "$needed" "$("$1" --version | cut -d' ' -f2)" | sort -V | head -n 1)" = "$needed" ]
}

# Sets up the route, or `lacks` to what this machine has not.
lacks=
if has_sources rustc; then
    :
elif [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && has_sources /usr/bin/rustc && is_recent /usr/bin/rustc; then
    PATH=/usr/bin:$PATH
else
    lacks='no sources of the standard library (rustup component add rust-src; Debian: rustc-web, cargo-web, rust-web-src)'
fi
# What it says while it works is shown.
if [ -z "$lacks" ] && ! { said=$(tests/dist/tools.sh 2>&1 >&3); } 3>&2; then
    printf '%s\n' "$said" >&2
    lacks=$(printf '%s\n' "$said" | tail -n 1)
fi

if [ "${1:-}" = --toolchain ]; then
    rustc --version
    exit
fi

# $1 is the target.
build() {
    # zig has the start files and libc. Position-independent code is a tenth larger.
    flags='-C target-feature=+crt-static -C link-self-contained=no -C relocation-model=static'
    # A panic aborts, so there are no tables for unwinding (270 KiB). It says what went wrong, without the names of source
    # files (56 KiB) and the fields of derived Debug (36 KiB).
    flags="$flags -C force-unwind-tables=no -Z location-detail=none -Z fmt-debug=shallow"
    # C has no tables for unwinding either. zstd goes without its second decoders of Huffman codes and of sequences (39 KiB):
    # it is as fast without them, with windows beyond 16 MiB nearly so.
    cflags='-fno-asynchronous-unwind-tables -fno-unwind-tables'
    cflags="$cflags -DHUF_FORCE_DECOMPRESS_X1 -DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT"
    # These variables would change the bytes.
    for variable in $(env | sed -nE 's/^((CARGO_(BUILD|PROFILE|ZIGBUILD)_|CARGO_TARGET_.*_(LINKER|RUSTFLAGS|RUNNER)|RUSTFLAGS|CARGO_ENCODED_RUSTFLAGS|((TARGET|HOST)_)?(CC|CFLAGS|AR|ARFLAGS))[A-Za-z0-9_]*)=.*/\1/p'); do
        unset "$variable"
    done
    # RUSTC_BOOTSTRAP allows these flags, and to compile the standard library, with a stable toolchain. RUSTFLAGS replaces the
    # flags of cargo's configuration, to which flags for a target would be added.
    env RUSTC_BOOTSTRAP=1 PATH="$(cd "$target/tools/python/bin" && pwd):$PATH" \
        "CFLAGS_$(echo "$1" | tr - _)=$cflags" "RUSTFLAGS=$flags" \
        cargo zigbuild --release --locked --config 'profile.release.package.std.opt-level="s"' \
        -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size \
        --target "$1" --target-dir "$target/static/build"
    built=$target/static/build/$1/release/roots
}

# Without --target, crt-static would reach procedural macros, which cannot be static.
build_with_glibc() {
    name=$(echo "$host" | tr a-z- A-Z_)
    # Flags of the environment would replace crt-static.
    env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS "CARGO_TARGET_${name}_RUSTFLAGS=-C target-feature=+crt-static" \
        cargo build --release --locked --target "$host" --target-dir "$target"
    built=$target/$host/release/roots
}

# No interpreter, and no library to load.
prove() {
    if readelf --version >/dev/null 2>&1; then
        ! readelf -lW "$1" | grep -q INTERP && ! readelf -dW "$1" | grep -q NEEDED
    else
        # ldd knows only files for this machine.
        [ "$1" = "$target/$host/release/roots" ] || { echo 'static: readelf is missing (Debian: binutils)' >&2 && return 1; }
        ldd "$1" 2>&1 | grep -Eq 'not a dynamic executable|statically linked'
    fi
}

if [ -n "${1:-}" ]; then
    [ -z "$lacks" ] || { echo "static: $1 cannot be built: this machine has $lacks" >&2 && exit 1; }
    build "$1"
    out=$target/static/$1
    with="musl, as make dist builds it"
elif [ -z "$lacks" ]; then
    build "$arch-unknown-linux-musl"
    out=$target/static
    with="musl, as make dist builds it"
else
    build_with_glibc
    out=$target/static
    with="glibc; with musl it would be smaller, but this machine has $lacks"
fi

if ! prove "$built"; then
    echo "static: $built is not static" >&2 && exit 1
fi
mkdir -p "$out"
install -m 0755 "$built" "$out/roots"
echo "$out/roots: static, $(stat -c %s "$out/roots") bytes, $with"
