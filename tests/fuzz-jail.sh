#!/bin/sh
# fuzz-jail.sh JAIL PLACE PROGRAMS COMMAND...: in a mount namespace of its own, runs a command in a file system that holds
# PROGRAMS, the libraries and fixtures/fuzz, none of which can be written, and PLACE/corpus and PLACE/found, which can.
set -eu

jail=$1
place=$2
programs=$3
shift 3

bind() {
    mkdir -p "$jail$2"
    mount --bind "$1" "$jail$2"
    # What a mount forbids already, an ordinary user must go on forbidding.
    [ "$3" = rw ] || mount -o remount,bind,ro "$jail$2" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev "$jail$2"
}

mount -t tmpfs tmpfs "$jail"
mkdir "$jail/tmp"
for libraries in /usr /lib /lib64; do
    [ ! -d $libraries ] || bind $libraries $libraries ro
done
bind "$programs" /programs ro
bind fixtures/fuzz /seeds ro
bind "$place/corpus" /place/corpus rw
bind "$place/found" /place/found rw
cd "$jail"
TMPDIR=/tmp exec chroot . "$@"
