#!/bin/sh
# Writes the software bill of materials: sbom.sh OUT writes CycloneDX 1.5 as JSON, which CycloneDX calls NAME.cdx.json.
#
# cargo-cyclonedx makes it, and is compiled into target/tools once, in some two minutes. syft is there
# in seconds, but does not know licenses, checksums, and which crates only tests need.
set -eu

[ $# = 1 ] || { echo 'usage: sbom.sh OUT' >&2; exit 2; }
mkdir -p "$(dirname "$1")"
out=$(realpath "$1")
cd "$(dirname "$0")/../.."
cargo=${CARGO:-cargo}
tools=$(realpath -m "${CARGO_TARGET_DIR:-target}/tools")
SOURCE_DATE_EPOCH=$(tests/dist/epoch.sh)
export SOURCE_DATE_EPOCH LC_ALL=C
# The binaries for other processors lack only a crate that asks which instructions an x86 has.
target=x86_64-unknown-linux-musl

# It writes its version into the document.
cyclonedx=$tools/bin/cargo-cyclonedx
[ "$("$cyclonedx" cyclonedx --version 2>/dev/null)" = "cargo-cyclonedx-cyclonedx 0.5.9" ] ||
    CARGO_TARGET_DIR="$tools/build" $cargo install --quiet --locked --debug --root "$tools" cargo-cyclonedx@0.5.9

# It writes beside Cargo.toml, so it gets a copy.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/roots"
cp -r Cargo.toml Cargo.lock src "$work/roots"
"$cyclonedx" cyclonedx --quiet --manifest-path "$work/roots/Cargo.toml" --format json --spec-version 1.5 --target $target \
    --no-build-deps --override-filename sbom
$cargo tree --locked --edges normal --prefix none --format '{p}' --target $target |
    tests/dist/sbom.py "$work/roots/sbom.json" "$work/sbom.json"
cp "$work/sbom.json" "$out"
