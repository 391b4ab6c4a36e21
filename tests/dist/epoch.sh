#!/bin/sh
# Prints SOURCE_DATE_EPOCH, the time that all files of a release get: of the last commit, or of the release in CHANGELOG.md
# where the source has no history.
set -eu

cd "$(dirname "$0")/../.."
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
    echo "$SOURCE_DATE_EPOCH"
elif ! git log -1 --format=%ct 2>/dev/null; then
    released=$(sed -n 's/^## .*\([0-9]\{4\}-[0-9][0-9]-[0-9][0-9]\).*/\1/p' CHANGELOG.md | head -n 1)
    [ -n "$released" ] || { echo 'dist: no commit and no date in CHANGELOG.md: set SOURCE_DATE_EPOCH' >&2 && exit 1; }
    TZ=UTC date -d "$released" +%s
fi
