#!/bin/sh
# Installs the tools of `make dist` and `make static` below target/tools/python: zig and cargo-zigbuild, at the versions and with
# the digests of requirements.txt. It needs Python 3 with pip and venv, on x86_64 or aarch64. If it fails, its last line says
# what is missing.
set -eu

cd "$(dirname "$0")/../.."
python=${CARGO_TARGET_DIR:-target}/tools/python
wanted=tests/dist/requirements.txt

# An older version would give other bytes.
if cmp -s "$wanted" "$python/requirements.txt"; then
    exit
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    echo 'no Python 3 with venv (Debian: python3-venv)' >&2
    exit 1
fi
echo 'tools: downloads zig and cargo-zigbuild, 100 MB, into target/tools/python' >&2
mkdir -p "$(dirname "$python")"
rm -rf "$python"
python3 -m venv "$python" >&2
if ! said=$("$python/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --require-hashes -r "$wanted" 2>&1); then
    rm -rf "$python"
    printf '%s\n' "$said" >&2
    echo 'no zig and cargo-zigbuild, which could not be downloaded' >&2
    exit 1
fi
cp "$wanted" "$python/requirements.txt"
