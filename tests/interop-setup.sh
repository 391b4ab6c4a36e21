#!/bin/sh
# For `make interop`, `make dist-test` and `make bench`: Debian's own container tools, installed where they are missing, and a Debian that
# is debootstrapped once and kept.
set -eu

interop=${CARGO_TARGET_DIR:-target}/interop

if [ "$(id -u)" != 0 ]; then
    echo "interop: needs root: owners, devices, debootstrap" >&2
    exit 1
fi

missing=
need() { [ -n "$(command -v "$1")" ] || missing="$missing $2"; }
need docker-registry docker-registry
need skopeo skopeo
need umoci umoci
need buildah buildah
need podman podman
need newuidmap uidmap
need containerd containerd
need zstd zstd
need openssl openssl
need systemd-nspawn systemd-container
need tinyproxy tinyproxy-bin
need debootstrap debootstrap
need setfattr attr
need setfacl acl
need setcap libcap2-bin
need /usr/bin/time time
need zsh zsh
need fish fish
need mandoc mandoc
need man man-db
need groff groff
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
if [ "${1:-}" = dist ]; then
    need qemu-arm-static qemu-user-static
    need lintian lintian
    # Another user runs `make dist-twice`, who may not reach a Python in the home of root.
    /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
fi
if [ "${1:-}" = bench ]; then
    need igzip isal
    need curl curl
    need strace strace
fi
if [ -n "$missing" ]; then
    echo "interop: installing$missing"
    # Debian's own updates hold apt's locks on a machine that has just started.
    waiting='-q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3'
    # shellcheck disable=SC2086 # several words on purpose
    apt-get $waiting update || { sleep 60 && apt-get $waiting update; }
    # shellcheck disable=SC2086 # several words on purpose
    DEBIAN_FRONTEND=noninteractive apt-get $waiting install -y --no-install-recommends $missing
fi

# A Debian as an OCI layout of one layer. It takes a minute, so it is kept; `make clean` drops it.
if [ ! -d "$interop/debian" ]; then
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $codename" | head -n 1)
    echo "interop: debootstrap $codename from apt's mirror"
    rm -rf "$interop" && mkdir -p "$interop"
    # ping has a file capability: an extended attribute that only root can set.
    debootstrap --variant=minbase --include=iputils-ping,libcap2-bin "$codename" "$interop/root" "$mirror" \
        >"$interop/debootstrap.log" 2>&1 || { tail -n 20 "$interop/debootstrap.log" >&2 && exit 1; }
    setcap cap_net_raw+ep "$interop/root/bin/ping"
    tar -C "$interop/root" -cf "$interop/layer.tar" --format=pax --pax-option=delete=atime,delete=ctime \
        --numeric-owner --sort=name --xattrs --xattrs-include='*' .
    umoci init --layout "$interop/layout"
    umoci new --image "$interop/layout:base"
    umoci raw add-layer --image "$interop/layout:base" "$interop/layer.tar"
    rm -rf "$interop/root" "$interop/layer.tar"
    mv "$interop/layout" "$interop/debian"
fi

# Another verifier of sigstore's bundles, with libraries of its own.
if [ ! -d "$interop/python" ]; then
    echo "interop: installs sigstore's Python client"
    rm -rf "$interop/python.new"
    python3 -m venv "$interop/python.new"
    "$interop/python.new/bin/python" -m pip install -q --disable-pip-version-check sigstore==4.5.1
    mv "$interop/python.new" "$interop/python"
fi

# The same with packages on top, as images of applications are made: five layers, some 500 MB compressed. Unpacked only,
# not configured, which needs no /proc and no network in there. A few minutes, so it is kept.
if [ "${1:-}" = bench ] && [ ! -d "$interop/application" ]; then
    work=$(mkdir -p "$interop/work" && cd "$interop/work" && pwd)
    cp -a "$interop/debian" "$work/layout"
    umoci unpack --image "$work/layout:base" "$work/bundle"
    for packages in 'build-essential git python3' default-jdk-headless nodejs postgresql; do
        echo "interop: adds $packages"
        mkdir -p "$work/debs/partial"
        # shellcheck disable=SC2086 # several words on purpose
        apt-get -q -y --download-only --no-install-recommends -o APT::Sandbox::User=root \
            -o Dir::State::status="$work/bundle/rootfs/var/lib/dpkg/status" -o Dir::Cache::archives="$work/debs" \
            install $packages >"$interop/application.log" 2>&1 &&
            dpkg --root="$work/bundle/rootfs" --force-all --no-triggers --unpack "$work"/debs/*.deb \
                >>"$interop/application.log" 2>&1 || { tail -n 20 "$interop/application.log" >&2 && exit 1; }
        rm -rf "$work/debs"
        umoci repack --refresh-bundle --image "$work/layout:base" "$work/bundle"
    done
    umoci gc --layout "$work/layout"
    mv "$work/layout" "$interop/application"
    rm -rf "$work"
fi

# A package with many hard links.
if [ ! -e "$interop/git.deb" ]; then
    (cd "$interop" && apt-get -o APT::Sandbox::User=root download -q git)
    mv "$interop"/git_*.deb "$interop/git.deb"
fi
