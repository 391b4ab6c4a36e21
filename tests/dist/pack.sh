#!/bin/sh
# Packs a binary: pack.sh TARGET BINARY OUTDIR writes there, with NAME for roots-VERSION-TARGET,
#   NAME            the binary
#   NAME.tar.gz     bin, lib and share as they are below /usr/local, and the licenses
#   roots_VERSION_ARCHITECTURE.deb, the package of Debian for this target
#
# The same binary gives the same bytes, whatever user, umask, locale or folder: every time is SOURCE_DATE_EPOCH, which is that
# of the last commit where nobody sets it.
set -eu

[ $# = 3 ] || { echo 'usage: pack.sh TARGET BINARY OUTDIR' >&2; exit 2; }
target=$1
binary=$(realpath "$2")
mkdir -p "$3"
out=$(realpath "$3")
cd "$(dirname "$0")/../.."

case $target in
    x86_64-unknown-linux-musl) architecture=amd64 ;;
    aarch64-unknown-linux-musl) architecture=arm64 ;;
    armv7-unknown-linux-musleabihf) architecture=armhf ;;
    riscv64gc-unknown-linux-musl) architecture=riscv64 ;;
    *) echo "pack: no architecture of Debian for $target" >&2 && exit 2 ;;
esac
export LC_ALL=C TZ=UTC
umask 022
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)
SOURCE_DATE_EPOCH=$(tests/dist/epoch.sh)
export SOURCE_DATE_EPOCH
name=roots-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
licenses=$work/licenses
tests/dist/licenses.py "$target" >"$licenses"

# What `make install` installs, with prefix $2 below the folder $1.
install_into() {
    make -s install BINARY="$binary" DESTDIR="$1" PREFIX="$2" ZSH_COMPLETIONS="$3" >/dev/null
    install -m 0644 "$licenses" "$1$2/share/doc/roots/THIRD-PARTY-LICENSES"
}

archive() {
    install_into "$work/$name" '' site-functions
    install -m 0644 LICENSE "$work/$name/share/doc/roots/LICENSE"
    # Files only: tar as root would give the modes of folders to those that it finds in /usr/local.
    # No pipe to gzip: it would hide a failure of tar.
    (cd "$work" && find "$name" -type f | sort >names && tar --format=ustar --no-recursion --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" -cf archive.tar -T names)
    gzip -9n <"$work/archive.tar" >"$out/$name.tar.gz"
}

package() {
    root=$work/deb
    doc=$root/usr/share/doc/roots
    install_into "$root" /usr vendor-completions
    debian_version=$(echo "$version" | sed 's/-/~/; s/~\(.*\)\.\([0-9]*\)$/~\1\2/')
    day=$(date -R -d "@$SOURCE_DATE_EPOCH")
    mkdir "$root/DEBIAN"
    install -m 0755 tests/dist/debian/prerm tests/dist/debian/postrm "$root/DEBIAN"
    install -D -m 0644 tests/dist/debian/lintian-overrides "$root/usr/share/lintian/overrides/roots"
    { sed "s/^/ /; s/^ $/ ./" LICENSE | cat tests/dist/debian/copyright -; } >"$doc/copyright"
    sed -e "s/@VERSION@/$debian_version/; s/@DAY@/$day/" tests/dist/debian/changelog >"$doc/changelog"
    gzip -9n "$doc/changelog" "$doc/CHANGELOG.md" "$doc/THIRD-PARTY-LICENSES" "$root"/usr/share/man/man*/*
    # KiB, as dpkg-gencontrol counts: each file rounded up, and one for each folder.
    size=$(find "$root/usr" -type f -printf '%s\n' -o -printf '1\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
    sed -e "s/@VERSION@/$debian_version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$size/" \
        tests/dist/debian/control >"$root/DEBIAN/control"
    (cd "$root" && find usr -type f | sort | xargs md5sum >DEBIAN/md5sums)
    # TMPDIR may give its group, or rights of others, to what is made in it.
    chmod -R u=rwX,go=rX,g-s "$root"
    find "$root" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
    # Without a tilde in the name of the file, which GitHub would replace.
    dpkg-deb --root-owner-group -Zxz -z6 --build "$root" "$out/roots_${version}_$architecture.deb" >/dev/null
}

install -m 0755 "$binary" "$out/$name"
archive
package
