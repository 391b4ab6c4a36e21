#!/bin/sh
# Each target of tests/fuzz for some seconds, beginning with fixtures/fuzz. What it comes upon goes into target/fuzz:
# inputs that reach new code into corpus/, from where the next run goes on, and those that break something into found/.
set -eu

seconds=${1:-60}
cargo=${2:-cargo}
place=${CARGO_TARGET_DIR:-target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')

# What cargo-fuzz passes for coverage; no nightly is needed. There is no address sanitizer: with no unsafe but for one
# named place there is little for it to find, and panics, overflows, hangs and memory are looked at without it.
coverage='-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0'

# With --target, build scripts and macros are spared the flags.
RUSTFLAGS="--cfg fuzzing $(echo $coverage)" \
    $cargo build --release --locked --manifest-path tests/fuzz/Cargo.toml --target "$host" --target-dir "$place/build"

# What breaks out of its tree must not meet the machine: each target runs in a file system of its own, in memory, with
# nothing in it but libraries that it cannot write, the seeds, and a place for what it finds.
mkdir -p "$place/found" "$place/corpus/tar" "$place/corpus/words" "$place/corpus/signatures"
place=$(realpath "$place")
jail=$(mktemp -d)
trap 'rmdir "$jail"' EXIT
trap 'exit 130' INT TERM
user=--map-root-user
[ "$(id -u)" != 0 ] || user=
jailed="unshare $user --mount --propagation private sh $PWD/tests/fuzz-jail.sh $jail $place $place/build/$host/release"
$jailed /usr/bin/true || { echo "fuzz: no file system of its own to be had here (unshare, mount)" >&2; exit 1; }

for target in tar words signatures; do
    [ $target = tar ] && longest=16384 || longest=4096
    echo "fuzz: $target for $seconds s"
    failed=0
    $jailed /programs/$target /place/corpus/$target /seeds/$target \
        -max_total_time="$seconds" -max_len=$longest -timeout=20 -rss_limit_mb=1024 \
        -artifact_prefix=/place/found/$target- -print_final_stats=1 >"$place/$target.log" 2>&1 || failed=$?
    if [ $failed != 0 ]; then
        tail -n 60 "$place/$target.log"
        exit $failed
    fi
    sed -n 's/^Done/fuzz: &/p; s/^stat:: */fuzz: /p' "$place/$target.log"
done
