#!/bin/sh
# Builds a release into target/dist: dist.sh [TARGET...], by default all four. For each a static binary, an archive and a
# package of Debian; for all of them SHA256SUMS, an SBOM, and release notes.
#
# The same commit, toolchain and SOURCE_DATE_EPOCH give the same bytes, wherever they are and for any user. Compression is that
# of the system, so NOTES.md says which dpkg-deb it has.
set -eu

cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
out=$target/dist
all='x86_64-unknown-linux-musl aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf riscv64gc-unknown-linux-musl'
# shellcheck disable=SC2086 # several words on purpose
[ $# -gt 0 ] || set -- $all

# Before anything is built, or an older release removed.
fail() { echo "dist: $*" >&2 && exit 1; }
for triple; do
    case " $all " in *" $triple "*) ;; *) fail "$triple is not one of: $all" ;; esac
done
for tool in cc python3 dpkg-deb readelf sha256sum; do
    command -v "$tool" >/dev/null || fail "$tool is missing"
done
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
news=$(awk -v start="## $version " 'index($0 " ", start) == 1 { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md)
[ -n "$news" ] || fail "CHANGELOG.md has nothing under $version"
# A source without history has no commit.
if [ -e .git ]; then
    commit="commit \`$(git describe --always --dirty --abbrev=40 --exclude '*')\`"
    [ -z "$(git status --porcelain)" ] || echo 'dist: warning: what is built here is not what is committed' >&2
else
    commit="version $version"
fi
SOURCE_DATE_EPOCH=$(tests/dist/epoch.sh)
export SOURCE_DATE_EPOCH LC_ALL=C
umask 022
toolchain=$(tests/static.sh --toolchain)

rm -rf "$out.new"
mkdir -p "$out.new"
for triple; do
    tests/static.sh "$triple"
    tests/dist/pack.sh "$triple" "$target/static/$triple/roots" "$out.new"
done
tests/dist/sbom.sh "$out.new/roots-$version.cdx.json"

# What users notice, and what it takes to build the same bytes.
cat >"$out.new/NOTES.md" <<EOF
$news

## How the binaries were built

\`SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH make dist\` of $commit, with:

- $toolchain, on $(rustc -vV | sed -n 's/^host: //p')
- dpkg-deb $(dpkg-deb --version | sed -n '1s/.* version \([^ ]*\).*/\1/p')
$(sed -n 's/^\([a-z-]*\)==\([^ ]*\).*/- \1 \2/p' tests/dist/requirements.txt)
EOF
sed -i '1{/^$/d}' "$out.new/NOTES.md"

(cd "$out.new" && sha256sum -- * >../SHA256SUMS.new)
mv "$target/SHA256SUMS.new" "$out.new/SHA256SUMS"
rm -rf "$out"
mv "$out.new" "$out"
cat "$out/SHA256SUMS"
