#!/bin/sh
# What a pull costs: the Debian of `make interop`, from a real registry on loopback into an empty folder, by `roots` and
# by skopeo and umoci. Both check every digest and set owners, times and attributes. TMPDIR says on which file system;
# RUNS how often, the fastest run counts.
set -eu

target=${CARGO_TARGET_DIR:-target}
runs=${RUNS:-3}
lab=$(mktemp -d)
registry=
trap '[ -z "$registry" ] || kill "$registry"; rm -rf "$lab"' EXIT
trap 'exit 1' INT TERM

cat >"$lab/registry.yml" <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $lab/registry}}
http: {addr: '127.0.0.1:0'}
END
: >"$lab/registry.log"
docker-registry serve "$lab/registry.yml" >"$lab/registry.log" 2>&1 &
registry=$!
until address=$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$lab/registry.log") && [ -n "$address" ]; do
    kill -0 "$registry"
    sleep 0.1
done
image=$address/debian:latest
skopeo --insecure-policy copy --quiet --dest-tls-verify=false "oci:$target/interop/debian:base" "docker://$image"

# Nothing is deleted until the end: ext4 is several times slower where it has just deleted many files.
measure() {
    name=$1 command=$2 run=0
    while [ "$run" -lt "$runs" ]; do
        mkdir -p "$lab/$name.$run"
        (cd "$lab/$name.$run" && /usr/bin/time -a -o "$lab/$name" -f '%e %U %S %M' sh -c "$command" >"$lab/log" 2>&1) ||
            { cat "$lab/log" >&2 && exit 1; }
        run=$((run + 1))
    done
    sort -n "$lab/$name" | head -n 1 |
        awk -v name="$name" '{printf "%-13s %6.2f s, user %5.2f s, system %5.2f s, %5.1f MiB\n", name, $1, $2, $3, $4 / 1024}'
}

roots=$(cd "$target/release" && pwd)/roots
measure roots "exec '$roots' pull --cache=no $image dest"
measure roots+cache "exec '$roots' pull --cache cache $image dest"
measure skopeo+umoci "skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://$image oci:layout:a &&
    umoci unpack --image layout:a bundle"
