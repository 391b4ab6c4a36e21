#!/bin/sh
# Prints SOURCE_DATE_EPOCH, the time that all files of a release get: of the last commit, or of the release in CHANGELOG.md
# where the source has no history.
set -eu

cd "$(dirname "$0")/../.."
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
    echo "$SOURCE_DATE_EPOCH"
elif [ -e .git ]; then
    # If git refuses, for instance because another user owns the folder, no other time would be that of the release.
    git log -1 --format=%ct
else
    released=$(sed -n 's/^## .*\([0-9]\{4\}-[0-9][0-9]-[0-9][0-9]\).*/\1/p' CHANGELOG.md | head -n 1)
    [ -n "$released" ] || { echo 'dist: no commit and no date in CHANGELOG.md: set SOURCE_DATE_EPOCH' >&2 && exit 1; }
    TZ=UTC date -d "$released" +%s
fi
