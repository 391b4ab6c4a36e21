PREFIX ?= /usr/local
CARGO ?= cargo
FUZZ_SECONDS ?= 60
# Data of others, which is not part of this repository.
export SUITE ?= ../shared/sigstore
MSRV = $(shell sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)
# The toolchain of rustup for it, such as 1.89.0-x86_64-unknown-linux-gnu.
OLDEST = $(shell rustup toolchain list 2>/dev/null | sed -n 's/^\($(MSRV)[.0-9]*-[^ ]*\).*/\1/p' | head -n 1)
SHARE = $(DESTDIR)$(PREFIX)/share
DOC = $(SHARE)/doc/roots
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/system
# Where zsh looks by itself: below /usr/share, Debian's looks in vendor-completions and all others in site-functions.
ZSH_COMPLETIONS ?= $(if $(and $(filter /usr /usr/,$(PREFIX)),$(wildcard /etc/debian_version)),vendor-completions,site-functions)

.PHONY: build static dist dist-test dist-twice demo test conformance fuzz interop check bench install uninstall fixtures clean help

# `make dist dist-test` with jobs would test what is not built yet.
.NOTPARALLEL:

build:          ## the binary, target/release/roots
	$(CARGO) build --release --locked

static:         ## the same as one file that needs no library, target/static/roots
	tests/static.sh

dist:           ## binaries, archives and packages for all TARGETS, with sums, an SBOM and notes, into target/dist (10 minutes)
	tests/dist/dist.sh $(TARGETS)

dist-test:      ## pull images with each binary of target/dist, in qemu where it is for another processor (Debian, root)
	tests/dist/test.sh

dist-twice:     ## build the release for this machine once more, in other folders and as another user, and compare (Debian, root)
	tests/dist/twice.sh

demo:           ## pull the image in fixtures/demo into target/demo and list it, without a network
	@echo 'demo: compiling roots first, which takes a minute or two where nothing is compiled yet'
	$(CARGO) run --release --locked -- pull ./fixtures/demo target/demo --force --cache=no
	cd target/demo && find . -printf '%M %U:%G %s %p %l\n' | sort -k 4

test:           ## all tests that need nothing but this repository
	$(CARGO) test --locked
	@tests/as-others.sh $(CARGO)

conformance:    ## verify genuine signatures, and the cases of sigstore's clients, in the folder SUITE
	$(CARGO) test --locked --test it -- --ignored conformance

fuzz:           ## hostile tars, words and signatures, FUZZ_SECONDS each; what breaks is in target/fuzz/found (a C++ compiler)
	@tests/fuzz.sh $(FUZZ_SECONDS) $(CARGO)

interop:        ## compare with umoci, images from a real registry: its password, its mirror, its TLS (Debian, root)
	tests/interop-setup.sh
	$(CARGO) test --locked --test it -- --ignored --test-threads=1 --show-output interop

check:          ## formatting, lints, documentation; dependencies and the oldest Rust, where cargo-deny and that Rust are installed
	$(CARGO) fmt --check
	rustfmt --check --edition 2024 tests/fuzz/tar.rs tests/fuzz/words.rs tests/fuzz/signatures.rs
	$(CARGO) clippy --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --document-private-items --locked
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --locked check bans licenses sources; \
	else echo 'check: skipped cargo deny, which is not installed'; fi
	@if [ -n "$(OLDEST)" ]; then rustup run $(OLDEST) cargo check --locked; \
	else echo 'check: skipped Rust $(MSRV), which is not installed'; fi

bench: static   ## time and memory of a pull, beside skopeo and umoci, a shell, and the floor (Debian, root)
	tests/interop-setup.sh bench
	TMPDIR=$${TMPDIR:-/dev/shm} tests/bench.sh
	PARTS=peers IMAGES='application files layers' TMPDIR=$$PWD/target tests/bench.sh

# cargo itself says where its binary is: CARGO_TARGET_DIR, its configuration and a target of its own all move it.
install:        ## into DESTDIR and PREFIX, with man pages, completions and units; builds, unless BINARY=FILE names what to install
	@binary='$(BINARY)'; test -n "$$binary" || \
		binary=$$($(CARGO) build --release --locked --message-format=json-render-diagnostics | \
			sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'); \
	test -n "$$binary" || { echo 'install: nothing was built; where root has no cargo:' \
		'make build, then sudo make install BINARY=target/release/roots' >&2; exit 1; }; \
	echo "install: $$binary"; install -D -m 0755 "$$binary" "$(DESTDIR)$(PREFIX)/bin/roots"
	install -d "$(SHARE)/man/man1" "$(SHARE)/man/man7"
	install -m 0644 fixtures/man/*.1 "$(SHARE)/man/man1"
	install -m 0644 fixtures/man/*.7 "$(SHARE)/man/man7"
	install -D -m 0644 fixtures/completions/roots.bash "$(SHARE)/bash-completion/completions/roots"
	install -D -m 0644 fixtures/completions/_roots "$(SHARE)/zsh/$(ZSH_COMPLETIONS)/_roots"
	install -D -m 0644 fixtures/completions/roots.fish "$(SHARE)/fish/vendor_completions.d/roots.fish"
	install -d "$(UNITS)" "$(DOC)/examples"
	install -m 0644 fixtures/systemd/* "$(UNITS)"
	install -m 0644 README.md CHANGELOG.md "$(DOC)"
	install -m 0644 fixtures/examples/* "$(DOC)/examples"

uninstall:      ## remove what install has put there
	rm -f "$(DESTDIR)$(PREFIX)/bin/roots" $(patsubst fixtures/man/%,"$(SHARE)/man/man1/%",$(wildcard fixtures/man/*.1)) \
		$(patsubst fixtures/man/%,"$(SHARE)/man/man7/%",$(wildcard fixtures/man/*.7)) \
		"$(SHARE)/bash-completion/completions/roots" "$(SHARE)/zsh/$(ZSH_COMPLETIONS)/_roots" \
		"$(SHARE)/fish/vendor_completions.d/roots.fish" $(patsubst fixtures/systemd/%,"$(UNITS)/%",$(wildcard fixtures/systemd/*))
	rm -rf "$(DOC)"

fixtures:       ## write fixtures/ and src/sigstore/trust/embedded.txt again, byte for byte
	ROOTS_BLESS=1 $(CARGO) test --locked --test it fixtures -- --test-threads=1

clean:          ## remove what was built
	$(CARGO) clean

help:           ## this list
	@sed -n 's/^\([a-z-]*\): *[a-z]* *## /\1\t/p' Makefile
