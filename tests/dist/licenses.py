#!/usr/bin/env python3
"""Prints the licenses of all that the binary for TARGET is made of: crates, Rust's standard library, musl, and zig's runtime.

usage: licenses.py TARGET

The crates are those of `cargo tree`, with the license texts of their packed sources. A crate without one is an error.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

CARGO = os.environ.get("CARGO", "cargo")
# Below these, a crate keeps C code of others.
FOLDERS = ["", "zstd", "third_party/fiat"]
NAME = re.compile(r"(un)?licen[cs]e|copying|copyright|notice", re.IGNORECASE)
# zstd is offered under BSD-3-Clause, too, and most crates under MIT, too: those are the licenses that are taken.
NOT_TAKEN = {"zstd/COPYING"}
APACHE = re.compile(r"licen[cs]e-apache", re.IGNORECASE)


def cargo(*arguments):
    command = [CARGO, *arguments, "--locked"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()


def crates(target):
    """Name, version, license and folder of each crate, sorted."""
    # Not those of `cargo metadata`: it adds what only tests need.
    tree = cargo("tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--target", target)
    used = {tuple(line.split()[:2]) for line in tree.splitlines()}
    packages = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", target))["packages"]
    for package in sorted(packages, key=lambda package: (package["name"], package["version"])):
        # Only roots has no source.
        if package["source"] and (package["name"], "v" + package["version"]) in used:
            folder = Path(package["manifest_path"]).parent
            yield package["name"] + " " + package["version"], package["license"], folder


def texts(folder):
    """Name and text of each license in the folder of a crate."""
    files = [path for below in FOLDERS for path in sorted((folder / below).glob("*")) if NAME.match(path.name)]
    names = [path.relative_to(folder).as_posix() for path in files if path.is_file()]
    has_mit = any(name.upper().startswith("LICENSE-MIT") for name in names)
    for name in names:
        if name not in NOT_TAKEN and not (has_mit and APACHE.match(name)):
            yield name, tidy(folder / name)


def tidy(path):
    """The text, without differences that nobody reads: equal texts are printed once."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def check_zig(own):
    """Fails if the texts are not those of the zig that the binary is linked with, where it is installed."""
    for zig in Path(os.environ.get("CARGO_TARGET_DIR", "target"), "tools/python").glob("lib/python3*/site-packages/ziglang"):
        for text, file in ("zig", "LICENSE"), ("musl", "lib/libc/musl/COPYRIGHT"):
            if tidy(own / text) != tidy(zig / file):
                sys.exit(f"licenses: {own / text} is not as in {zig / file}")


def main():
    target = sys.argv[1]
    own = Path(__file__).parent / "licenses"
    check_zig(own)
    found = [(name, license, list(texts(folder))) for name, license, folder in crates(target)]
    is_notice = re.compile(r"copyright|notice", re.IGNORECASE).match
    missing = [name for name, _, licenses in found if all(is_notice(file) for file, _ in licenses)]
    if missing or not found:
        sys.exit(f"licenses: no license text in {', '.join(missing) or target}")
    found.append(("Rust's standard library", "MIT OR Apache-2.0", [("LICENSE", tidy(own / "rust"))]))
    found.append(("musl", "MIT", [("COPYRIGHT", tidy(own / "musl"))]))
    found.append(("zig's runtime library", "MIT", [("LICENSE", tidy(own / "zig"))]))
    users = {}
    for name, _, licenses in found:
        for file, text in licenses:
            users.setdefault(text, []).append(f"{name}: {file}")
    print(f"What roots for {target} is made of, and the licenses of these parts. Their texts follow.\n")
    for name, license, _ in found:
        print(f"{name:36} {license}")
    for text, names in users.items():
        print("\n" + "=" * 80, *names, "-" * 80, text, sep="\n")


sys.stdout.reconfigure(encoding="utf-8")
main()
