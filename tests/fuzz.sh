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

mkdir -p "$place/found"
for target in tar words; do
    mkdir -p "$place/corpus/$target"
    [ $target = tar ] && longest=16384 || longest=4096
    echo "fuzz: $target for $seconds s"
    failed=0
    "$place/build/$host/release/$target" "$place/corpus/$target" "fixtures/fuzz/$target" \
        -max_total_time="$seconds" -max_len=$longest -timeout=20 -rss_limit_mb=1024 \
        -artifact_prefix="$place/found/$target-" -print_final_stats=1 >"$place/$target.log" 2>&1 || failed=$?
    if [ $failed != 0 ]; then
        tail -n 60 "$place/$target.log"
        exit $failed
    fi
    sed -n 's/^Done/fuzz: &/p; s/^stat:: */fuzz: /p' "$place/$target.log"
done
