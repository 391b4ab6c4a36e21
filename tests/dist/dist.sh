#!/bin/sh
# Builds a release into target/dist: dist.sh [TARGET...], by default all four. For each a static binary, an archive and a
# package of Debian; for all of them SHA256SUMS, an SBOM, and release notes.
#
# The same commit, toolchain and SOURCE_DATE_EPOCH give the same bytes, on any machine and for any user.
set -eu

cd "$(dirname "$0")/../.."
out=${CARGO_TARGET_DIR:-target}/dist
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
export LC_ALL=C
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
[ $# -gt 0 ] || set -- x86_64-unknown-linux-musl aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf \
    riscv64gc-unknown-linux-musl

rm -rf "$out"
mkdir -p "$out"
for target; do
    tests/static.sh "$target"
    tests/dist/pack.sh "$target" "${CARGO_TARGET_DIR:-target}/static/$target/roots" "$out"
done
tests/dist/sbom.sh "$out/roots-$version.cdx.json"

# What users notice, from the changelog, and what it takes to build the same bytes.
{
    awk -v start="## $version " 'index($0 " ", start) == 1 { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md
    echo
    echo "## How the binaries were built"
    echo
    echo "\`SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH make dist\` at commit \`$(git describe --always --dirty --abbrev=40 --exclude "*")\`, with:"
    echo
    echo "- $(tests/static.sh --toolchain)"
    sed -n 's/^\([a-z-]*\)==\([^ ]*\).*/- \1 \2/p' tests/dist/requirements.txt
} | cat -s | sed '1{/^$/d}' >"$out/NOTES.md"

(cd "$out" && sha256sum -- * >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
cat "$out/SHA256SUMS"
