#!/bin/sh
# Installs the tools of `make dist` and `make static` below target/tools/python: zig and cargo-zigbuild, at the versions and with
# the digests of requirements.txt. It needs Python 3 with pip and venv, on x86_64 or aarch64. If it fails, the last line on
# standard error says what is missing.
set -eu

cd "$(dirname "$0")/../.."
python=${CARGO_TARGET_DIR:-target}/tools/python
wanted=tests/dist/requirements.txt

# Another version would give other bytes. After an upgrade of the system, its Python may be gone.
if cmp -s "$wanted" "$python/requirements.txt" && "$python/bin/python" -m ziglang version >/dev/null 2>&1; then
    exit
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    echo 'no Python 3 with venv (Debian: python3-venv)' >&2
    exit 1
fi
echo 'tools: downloads zig and cargo-zigbuild, 100 MB, into target/tools/python'
mkdir -p "$(dirname "$python")"
rm -rf "$python"
python3 -m venv "$python" >&2
install() {
    "$python/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r "$wanted" 2>&1
}
# pip does not resume a download that was cut.
if ! said=$(install || install || install); then
    rm -rf "$python"
    printf '%s\n' "$said" >&2
    echo 'no zig and cargo-zigbuild, which could not be downloaded' >&2
    exit 1
fi
cp "$wanted" "$python/requirements.txt"
