#!/usr/bin/env bash
# Builds one target, by default that of this machine, a second time, and fails unless the files are those of target/dist. All
# that must not matter is different: the folders of the source and of the toolchain, the user, HOME, CARGO_HOME, umask, locale
# and time zone. Needs root.
set -euo pipefail

cd "$(dirname "$0")/../.."
triple=${1:-$(uname -m)-unknown-linux-musl}
dist=$(realpath "${CARGO_TARGET_DIR:-target}/dist")
# Not in /tmp, which may be in memory: two GiB are written.
lab=$(mktemp -d /var/tmp/roots.XXXXXX)
trap 'rm -rf "$lab"' EXIT
copy="$lab/a longer path/roots"
mkdir -p "$copy"
tar --exclude=./target --exclude=./.git -cf - . | tar -xf - -C "$copy"
mkdir "$lab/home" "$lab/toolchain"
chmod 755 "$lab"
chown -R 65534:65534 "$lab"
export copy triple lab SYSROOT
SYSROOT=$(rustc --print sysroot)
SOURCE_DATE_EPOCH=$(tests/dist/epoch.sh)
export SOURCE_DATE_EPOCH

# shellcheck disable=SC2016 # for the shells in there
unshare --mount sh -euc '
    mount --bind "$SYSROOT" "$lab/toolchain"
    cd "$copy"
    umask 027
    setpriv --reuid=65534 --regid=65534 --clear-groups env -u CARGO_TARGET_DIR -u TMPDIR HOME="$lab/home" CARGO_HOME="$lab/home/cargo" \
        PATH="$lab/toolchain/bin:/usr/local/bin:/usr/bin:/bin" LC_ALL=C.UTF-8 TZ=Asia/Tokyo \
        sh -euc "tests/static.sh $triple; tests/dist/pack.sh $triple target/static/$triple/roots target/dist"'
for file in "$copy"/target/dist/*; do
    cmp "$file" "$dist/${file##*/}"
done
echo "dist: $triple: the same bytes twice"
