#!/usr/bin/env bash
# What a pull costs, from a real registry on loopback into an empty folder, beside what others do for the same tree:
#
#   peers   skopeo copy and umoci unpack
#   shell   for each layer: curl | tee to sha256sum | igzip or zstd | tee to sha256sum | tar
#   floor   the same without a network, out of the file: what nobody can do without
#
# All of them hash every layer twice and set owners, modes and times. They take turns; medians are shown, and how they
# compare. RUNS says how often, IMAGES which images (debian files big layers, each with -zstd), TMPDIR on which file system.
set -euo pipefail

target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
roots=$target/release/roots
runs=${RUNS:-5}
images=${IMAGES:-debian files files-zstd big big-zstd layers}
lab=$(mktemp -d)
registry=
trap '[ -z "$registry" ] || kill "$registry"; rm -rf "$lab"' EXIT
trap 'exit 1' INT TERM

made=$target/bench
if [ ! -d "$made" ]; then
    echo "bench: making images" >&2
    mkdir -p "$made.new"
    ROOTS_BENCH=$made.new cargo test -q --locked --test it bench_images -- --ignored >/dev/null
    mv "$made.new" "$made"
fi

cat >"$lab/registry.yml" <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $lab/registry}}
http: {addr: '127.0.0.1:0'}
END
docker-registry serve "$lab/registry.yml" >"$lab/registry.log" 2>&1 &
registry=$!
until address=$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$lab/registry.log") && [ -n "$address" ]; do
    kill -0 "$registry"
    sleep 0.1
done

# Where an image lies, and the digests of its layers, lowest first.
layout() { [ "$1" = debian ] && echo "$target/interop/debian" || echo "$made/$1"; }
layers() {
    if [ "$1" = debian ]; then
        "$roots" inspect "oci:$target/interop/debian:base" | sed -n 's/^      "digest": "sha256:\(.*\)",$/\1/p'
    else
        cat "$made/$1.layers"
    fi
}

# One run of $1 for image $2 in an empty folder: wall, user + system, and the most memory of one process, in MiB.
run_once() {
    local who=$1 image=$2 where
    where=$(mktemp -d "$lab/run.XXXXXX")
    local inflate='igzip -dc'
    [[ $image != *-zstd ]] || inflate='zstd -dc'
    local unpack="tee >(sha256sum >&2) | $inflate | tee >(sha256sum >&2) | tar -xp --numeric-owner -C dest"
    local command
    case $who in
        roots) command="exec '$roots' pull --cache=no $address/$image:1 dest" ;;
        peers) command="skopeo --insecure-policy copy -q --src-tls-verify=false docker://$address/$image:1 oci:layout:a
            umoci unpack --image layout:a bundle" ;;
        shell) command="mkdir dest; for layer in \$(cat layers); do
            curl -s http://$address/v2/$image/blobs/sha256:\$layer | $unpack; done; wait" ;;
        floor) command="mkdir dest; for layer in \$(cat layers); do
            cat $(layout "$image")/blobs/sha256/\$layer | $unpack; done; wait" ;;
    esac
    layers "$image" >"$where/layers"
    (cd "$where" && /usr/bin/time -a -o "$lab/$image.$who" -f '%e %U %S %M' bash -ec "$command" >log 2>&1) ||
        { cat "$where/log" >&2 && exit 1; }
}

median() { awk "{print $1}" "$2" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

printf '%-12s %-6s %8s %8s %8s   %s\n' image who 'wall s' 'cpu s' MiB 'roots is, of this (wall, cpu)'
for image in $images; do
    tag=image
    [ "$image" != debian ] || tag=base
    skopeo --insecure-policy copy -q --dest-tls-verify=false "oci:$(layout "$image"):$tag" "docker://$address/$image:1"
    # Nothing is deleted until the end: ext4 is several times slower where it has just deleted many files.
    # Debian's umoci does not read zstd.
    all=(roots peers shell floor)
    [[ $image != *-zstd ]] || all=(roots shell floor)
    for ((run = 0; run < runs; run++)); do
        for who in "${all[@]}"; do run_once "$who" "$image"; done
    done
    for who in "${all[@]}"; do
        file=$lab/$image.$who
        wall=$(median '$1' "$file") cpu=$(median '$2+$3' "$file") memory=$(median '$4/1024' "$file")
        [ "$who" = roots ] && own_wall=$wall own_cpu=$cpu
        awk -v i="$image" -v n="$who" -v w="$wall" -v c="$cpu" -v m="$memory" -v ow="$own_wall" -v oc="$own_cpu" 'BEGIN {
            printf "%-12s %-6s %8.2f %8.2f %8.1f   %.2f %.2f\n", i, n, w, c, m, ow / w, oc / c }'
    done
    rm -rf "$lab"/run.*
done
