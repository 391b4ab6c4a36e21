#!/bin/sh
# After the tests ran as root: the integration tests once more as nobody, since half of what a pull does depends on who
# pulls. Says who ran them, and why if nobody could not.
set -eu

cargo=${1:-cargo}
nobody=65534
as_nobody="setpriv --reuid=$nobody --regid=$nobody --clear-groups"

if [ "$(id -u)" != 0 ]; then
    echo "tests: ran as an ordinary user; what only root can do (owners, devices) was not tested"
    exit
fi
skip() {
    echo "tests: ran as root; not as an ordinary user too: $1"
    exit
}

# The tests were compiled with the paths of this checkout, so nobody must get here, and may write in one place.
temporary=${CARGO_TARGET_DIR:-target}/tmp
mkdir -p "$temporary"
chmod 1777 "$temporary"
$as_nobody true 2>/dev/null || skip "setpriv does not work here"
$as_nobody test -r "$PWD/Cargo.toml" -a -r "$PWD/src/lib.rs" || skip "uid $nobody cannot read $PWD"
$as_nobody test -x "$temporary" -a -w "$temporary" || skip "uid $nobody cannot write in $temporary"

# cargo itself stays root: it runs the test binary, which exists by now, through this.
runner="'env', 'HOME=/nonexistent', 'setpriv', '--reuid=$nobody', '--regid=$nobody', '--clear-groups'"
$cargo test --locked --test it --config "target.'cfg(unix)'.runner = [$runner]"
echo "tests: ran as root, and the integration tests as uid $nobody too"
