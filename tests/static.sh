#!/bin/sh
# Builds target/static/roots, one file that needs nothing but a kernel, and proves it before it says so.
#
# LIBC=musl or LIBC=gnu asks for one; by default the first of these that this machine can build:
#   1. musl, where the toolchain has its standard library (with rustup: `rustup target add`)
#   2. musl, with a standard library compiled from Debian's rust-src or rust-web-src
#   3. glibc, which every machine that builds at all has, a fifth smaller where there are Debian's sources
set -eu

arch=$(rustc -vV | sed -n 's/^host: \([^-]*\)-.*/\1/p')
musl=$arch-unknown-linux-musl
gnu=$arch-unknown-linux-gnu
target=${CARGO_TARGET_DIR:-target}

# ring and zstd are C: musl needs a compiler of its own.
has_musl_gcc() { command -v musl-gcc >/dev/null; }

has_musl_std() { ls "$(rustc --print target-libdir --target "$musl" 2>/dev/null)"/libstd-*.rlib >/dev/null 2>&1; }

has_debian_sources() {
    [ -d /usr/lib/rustlib/src/rust/library ] && [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] || return 1
    needed=$(sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)
    installed=$(/usr/bin/rustc --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$needed" "$installed" | sort -V | head -n 1)" = "$needed" ]
}

musl_from_rustup() {
    echo "static: musl, standard library of the toolchain" >&2
    cargo build --release --locked --target "$musl"
}

# No tables for unwinding, for which there is nobody (270 KiB). No names of source files (56 KiB): a panic says what went
# wrong, and not where. No position-independent code, with which musl-gcc would write an interpreter into the binary.
from_debian() {
    name=$(echo "$1" | tr a-z- A-Z_)
    flags="-C target-feature=+crt-static -C relocation-model=static -C force-unwind-tables=no -Z location-detail=none"
    env PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        "CFLAGS_$(echo "$1" | tr - _)=-fno-asynchronous-unwind-tables -fno-unwind-tables" \
        "CARGO_TARGET_${name}_RUSTFLAGS=$flags${2:-}" \
        /usr/bin/cargo build --release --locked --config 'profile.release.package.std.opt-level="s"' \
        -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size --target "$1" --target-dir "$target/static/build"
}

musl_from_debian() {
    echo "static: musl, standard library from Debian's sources" >&2
    # std asks for libunwind and, without backtraces, uses nothing of it. A binary that is stripped and aborts on panic
    # has no backtraces to lose, and is a tenth smaller.
    lib=$(mkdir -p "$target/static/lib" && cd "$target/static/lib" && pwd)
    ar rc "$lib/libunwind.a"
    export "CC_$(echo "$musl" | tr - _)=musl-gcc" "CARGO_TARGET_$(echo "$musl" | tr a-z- A-Z_)_LINKER=musl-gcc"
    from_debian "$musl" " -C link-self-contained=no -L native=$lib"
}

glibc_from_debian() {
    echo "static: glibc, standard library from Debian's sources" >&2
    from_debian "$gnu"
}

glibc() {
    echo "static: glibc" >&2
    # Without --target the flag would reach procedural macros, which cannot be static.
    name=$(echo "$gnu" | tr a-z- A-Z_)
    env "CARGO_TARGET_${name}_RUSTFLAGS=-C target-feature=+crt-static" \
        cargo build --release --locked --target "$gnu"
}

# No interpreter, and no library to load.
prove() {
    if readelf --version >/dev/null 2>&1; then
        ! readelf -lW "$1" | grep -q INTERP && ! readelf -dW "$1" | grep -q NEEDED
    else
        ldd "$1" 2>&1 | grep -Eq 'not a dynamic executable|statically linked'
    fi
}

case ${LIBC:-} in
    musl | gnu) libc=$LIBC ;;
    '') if has_musl_gcc && { has_musl_std || has_debian_sources; }; then libc=musl; else libc=gnu; fi ;;
    *) echo "static: LIBC is musl or gnu, not $LIBC" >&2 && exit 2 ;;
esac

if [ "$libc" = gnu ] && has_debian_sources; then
    glibc_from_debian
    built=$target/static/build/$gnu/release/roots
elif [ "$libc" = gnu ]; then
    glibc
    built=$target/$gnu/release/roots
    hint="static: a third smaller with musl: install musl-gcc, and rustup target add $musl (or Debian's rust-web-src)"
elif ! has_musl_gcc; then
    echo "static: musl-gcc is missing (Debian: musl-tools)" >&2 && exit 1
elif has_musl_std; then
    musl_from_rustup
    built=$target/$musl/release/roots
elif has_debian_sources; then
    musl_from_debian
    built=$target/static/build/$musl/release/roots
else
    echo "static: no standard library for $musl (rustup target add $musl, or Debian's rust-web-src)" >&2 && exit 1
fi

if ! prove "$built"; then
    echo "static: $built is not static" >&2 && exit 1
fi
mkdir -p "$target/static"
install -m 0755 "$built" "$target/static/roots"
[ -z "${hint:-}" ] || [ -n "${LIBC:-}" ] || echo "$hint" >&2
echo "$target/static/roots: static, $libc, $(stat -c %s "$target/static/roots") bytes"
