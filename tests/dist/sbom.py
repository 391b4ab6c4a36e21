#!/usr/bin/env python3
"""Prepares what cargo-cyclonedx wrote for publication, and compares it with Cargo.lock.

usage: cargo tree ... | sbom.py SBOM OUT

Removes crates that `cargo tree` does not have, which `cargo metadata` adds for features of tests, and the path of the source.
Fails unless name, version and checksum of all other crates are those of Cargo.lock.
"""

import json
import re
import sys
from pathlib import Path

source, out = map(Path, sys.argv[1:])
used = {(name, version[1:]) for name, version, *_ in map(str.split, sys.stdin)}
blocks = Path("Cargo.lock").read_text(encoding="utf-8").split("[[package]]")
fields = [dict(re.findall(r'^(\w+) = "(.*)"$', block, re.MULTILINE)) for block in blocks]
locked = {(f["name"], f["version"], f["checksum"]) for f in fields if "checksum" in f and (f["name"], f["version"]) in used}

text = source.read_text(encoding="utf-8").replace(f"path+file://{source.parent}#", "roots@")
sbom = json.loads(re.sub(r"\?download_url=file://[^#\"]*", "", text))
sbom["components"] = [part for part in sbom["components"] if (part["name"], part["version"]) in used]
kept = {part["bom-ref"] for part in [*sbom["components"], sbom["metadata"]["component"]]}
sbom["dependencies"] = [edge for edge in sbom["dependencies"] if edge["ref"] in kept]
for edge in sbom["dependencies"]:
    edge["dependsOn"] = [ref for ref in edge.get("dependsOn", []) if ref in kept]

listed = {(part["name"], part["version"], part["hashes"][0]["content"]) for part in sbom["components"]}
# roots itself is used, but has no checksum.
if listed != locked or len(locked) != len(used) - 1:
    sys.exit(f"sbom: not as in Cargo.lock: {sorted(listed ^ locked)}")
out.write_text(json.dumps(sbom, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
print(f"sbom: {len(listed)} crates, as in Cargo.lock")
