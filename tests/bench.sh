#!/usr/bin/env bash
# What a pull costs, from a real registry on loopback into an empty folder, as tables for BENCHMARK.md.
#
# PARTS says which (peers wire links update growth), RUNS how often each is run, IMAGES which images the first part takes
# (application files big layers, each with -zstd), TMPDIR on which file system.
set -euo pipefail

target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
roots=$target/static/roots
made=$target/bench
runs=${RUNS:-5}
lab=$(mktemp -d)
background=()
# cargo leaves the test that it has started running.
trap 'for pid in "${background[@]}"; do pkill -P "$pid" || true; kill "$pid" 2>/dev/null || true; done; rm -rf "$lab"' EXIT
trap 'exit 1' INT TERM

# Made by a test, because the tests know how to make images.
make_images() {
    [ ! -d "$made" ] || return 0
    echo "bench: making images" >&2
    mkdir -p "$made.new"
    ROOTS_BENCH=$made.new ROOTS_BENCH_APPLICATION=$target/interop/application \
        cargo test -q --locked --test it bench::images -- --ignored >/dev/null
    mv "$made.new" "$made"
}

# Sets $address.
serve() {
    cat >"$lab/registry.yml" <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $lab/registry}}
http: {addr: '127.0.0.1:0'}
END
    docker-registry serve "$lab/registry.yml" >"$lab/registry.log" 2>&1 &
    background+=($!)
    until address=$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$lab/registry.log") && [ -n "$address" ]; do
        kill -0 "${background[0]}"
        sleep 0.1
    done
}

push() {
    skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$made/$1:image" "docker://$address/$1:1"
}

drop() { rm -rf "$lab/registry/docker/registry/v2" "$lab/tars" "$lab"/run.*; }

inflate() { case $1 in *-zstd) echo 'zstd -dcq' ;; *) echo 'igzip -dc' ;; esac; }

# The layers of an image as tars, for the floor.
unpack() {
    local layer
    mkdir "$lab/tars"
    for layer in $(cat "$made/$1.layers"); do
        $(inflate "$1") <"$made/$1/blobs/sha256/$layer" >"$lab/tars/$layer"
    done
}

# Prints how `$2` would be done with image $1, in an empty folder that has the digests of its layers in a file. Hashing is
# left to openssl, which has the CPU do it; Debian's sha256sum does not. Who hashes is a job of the shell's own, or its time
# would not be counted.
how() {
    local image=$1 inflate
    inflate=$(inflate "$image")
    case $2 in
        roots) echo "exec '$roots' pull --cache=no $address/$image:1 dest" ;;
        peers) echo "skopeo --insecure-policy copy -q --src-tls-verify=false docker://$address/$image:1 oci:layout:a
            umoci unpack --image layout:a bundle" ;;
        shell) echo "mkdir dest; mkfifo packed unpacked; for layer in \$(cat layers); do
            openssl dgst -sha256 <packed & openssl dgst -sha256 <unpacked &
            curl -s http://$address/v2/$image/blobs/sha256:\$layer | tee packed | $inflate | tee unpacked |
                tar -xp --numeric-owner -C dest; wait; done" ;;
        floor) echo "mkdir dest; for layer in \$(cat layers); do
            blob='$made/$image/blobs/sha256/'\$layer tar='$lab/tars/'\$layer
            $inflate <\$blob >/dev/null; openssl dgst -sha256 \$blob \$tar
            tar -xp --numeric-owner -C dest -f \$tar; done" ;;
    esac
}

# One run of command $2 on image $1: a line of wall, user and system seconds and KiB of the largest process into file $3.
# Nothing is deleted in between where that counts: ext4 is several times slower where it has just deleted many files.
once() {
    local where
    where=$(mktemp -d "$lab/run.XXXXXX")
    cp "$made/$1.layers" "$where/layers"
    (cd "$where" && /usr/bin/time -q -a -o "$3" -f '%e %U %S %M' bash -ec "$2" >log 2>&1) ||
        { cat "$where/log" >&2 && exit 1; }
    [ "$(stat -f -c %T "$lab")" != tmpfs ] || rm -rf "$where"
}

# System calls of command $2 on image $1, per entry of its layers. Traced, a pipeline takes minutes.
calls() {
    local where entries
    where=$(mktemp -d "$lab/run.XXXXXX")
    cp "$made/$1.layers" "$where/layers"
    (cd "$where" && strace -f -c -o calls bash -ec "$2" >log 2>&1) || { cat "$where/log" >&2 && exit 1; }
    entries=$(cat "$made/$1.entries")
    awk -v entries="$entries" '$NF == "total" { printf "%.1f", ($4 + 0 ? $4 : $3) / entries }' "$where/calls"
    rm -rf "$where"
}

median() { awk "{print $1}" "$2" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

# Beside what others do for the same tree. All of them hash every layer twice and set owners, modes and times. They take
# turns; medians are shown. Debian's umoci does not read zstd.
#
#   peers   skopeo copy and umoci unpack
#   shell   for each layer: curl | tee to a hash | igzip or zstd | tee to a hash | tar
#   floor   what nobody can do without, one after the other and from files: igzip or zstd to nowhere, a hash of the layer, one
#           of its tar, tar
peers() {
    echo '| image | with | wall s | CPU s | MiB | calls per entry | `roots` takes, of its wall | of its CPU |'
    echo '|---|---|---|---|---|---|---|---|'
    for image in ${IMAGES:-application application-zstd files files-zstd big big-zstd layers}; do
        local all=(roots peers shell floor) run who
        [[ $image != *-zstd ]] || all=(roots shell floor)
        push "$image"
        unpack "$image"
        for ((run = 0; run < runs; run++)); do
            for who in "${all[@]}"; do once "$image" "$(how "$image" "$who")" "$lab/$image.$who"; done
        done
        for who in "${all[@]}"; do
            local file=$lab/$image.$who wall cpu
            wall=$(median '$1' "$file") cpu=$(median '$2+$3' "$file")
            [ "$who" != roots ] || local own_wall=$wall own_cpu=$cpu
            local calls=-
            [[ $who != roots && $who != peers ]] || calls=$(calls "$image" "$(how "$image" "$who")")
            awk -v i="$image" -v n="$who" -v w="$wall" -v c="$cpu" -v m="$(median '$4/1024' "$file")" \
                -v calls="$calls" -v ow="$own_wall" -v oc="$own_cpu" 'BEGIN {
                printf "| %s | %s | %.2f | %.2f | %.1f | %s | %.2f | %.2f |\n", i, n, w, c, m, calls, ow / w, oc / c }'
        done
        drop
    done
}

# Puts a wire of $1 Mbit/s and a round trip of $2 ms in front of the registry, which limits `all` connections together or `each`
# of them ($3), and sets $address.
lay_wire() {
    rm -f "$lab/wire"
    ROOTS_BENCH_TO=$straight ROOTS_BENCH_RATE=$1 ROOTS_BENCH_ROUND_TRIP_MS=$2 ROOTS_BENCH_LIMIT=$3 ROOTS_BENCH_AT=$lab/wire \
        cargo test -q --locked --test it bench::slow_wire -- --ignored >/dev/null 2>&1 &
    background+=($!)
    until [ -s "$lab/wire" ]; do sleep 0.1; done
    address=$(cat "$lab/wire")
}

# Through a wire that all connections share, beside curl, which only downloads.
wire() {
    echo '| Mbit/s | pull s | download alone s | ratio |'
    echo '|---|---|---|---|'
    push application
    local straight=$address rate run download
    for rate in 100 400; do
        lay_wire $rate 20 all
        download="for layer in \$(cat layers); do curl -s http://$address/v2/application/blobs/sha256:\$layer; done >/dev/null"
        for ((run = 0; run < runs; run++)); do
            once application "$(how application roots)" "$lab/$rate.roots"
            once application "$download" "$lab/$rate.curl"
        done
        awk -v r="$rate" -v pull="$(median '$1' "$lab/$rate.roots")" -v alone="$(median '$1' "$lab/$rate.curl")" \
            'BEGIN { printf "| %d | %.2f | %.2f | %.2f |\n", r, pull, alone, pull / alone }'
    done
    address=$straight
    drop
}

# Where each connection is limited, or far away, beside the peers.
links() {
    echo '| image | Mbit/s for each connection | round trip ms | pull s | peers s | ratio |'
    echo '|---|---|---|---|---|---|'
    local straight=$address image rate time run
    for link in 'eight 100 20' 'application 100 20' 'layers 1000 40'; do
        read -r image rate time <<<"$link"
        push "$image"
        lay_wire "$rate" "$time" each
        for ((run = 0; run < runs; run++)); do
            once "$image" "$(how "$image" roots)" "$lab/$image.link.roots"
            once "$image" "$(how "$image" peers)" "$lab/$image.link.peers"
        done
        awk -v i="$image" -v r="$rate" -v t="$time" -v pull="$(median '$1' "$lab/$image.link.roots")" \
            -v peers="$(median '$1' "$lab/$image.link.peers")" \
            'BEGIN { printf "| %s | %d | %d | %.2f | %.2f | %.2f |\n", i, r, t, pull, peers, pull / peers }'
        address=$straight
        drop
    done
}

# Where nothing has changed, beside one request. The cache confirms the record of the tree.
update() {
    push layers
    "$roots" pull -q --cache="$lab/cache" "$address/layers:1" "$lab/dest" >/dev/null
    local run timer="import sys, time, subprocess as s; t = time.monotonic(); s.run(sys.argv[1:], check=True, \
stdout=s.DEVNULL); print((time.monotonic() - t) * 1000)"
    for ((run = 0; run < 4 * runs; run++)); do
        python3 -c "$timer" "$roots" pull -q --cache="$lab/cache" --update "$address/layers:1" "$lab/dest" >>"$lab/update"
        python3 -c "$timer" curl -sI "http://$address/v2/layers/manifests/1" >>"$lab/request"
    done
    echo "\`--update\` with nothing to do: $(median '$1' "$lab/update") ms; curl with one request: $(median '$1' "$lab/request") ms"
    rm -rf "$lab/dest" "$lab/cache"
    drop
}

# How time and memory grow.
growth() {
    echo '| image | wall s | CPU s | MiB |'
    echo '|---|---|---|---|'
    for image in 1000-files 10000-files files 1000000-files 10-mb 100-mb big 4-gb; do
        push "$image"
        for ((run = 0; run < runs; run++)); do once "$image" "$(how "$image" roots)" "$lab/$image.growth"; done
        local file=$lab/$image.growth
        awk -v i="$image" -v w="$(median '$1' "$file")" -v c="$(median '$2+$3' "$file")" -v m="$(median '$4/1024' "$file")" \
            'BEGIN { printf "| %s | %.2f | %.2f | %.1f |\n", i, w, c, m }'
        drop
    done
}

make_images
serve
echo "$(date -u +%F), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c | awk '{$1 = $1 " x"} 1'), $(stat -f -c %T "$lab")"
for part in ${PARTS:-peers wire links update growth}; do
    printf '\n%s\n\n' "$part"
    "$part"
done
