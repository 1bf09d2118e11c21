# Lenscap: `make run` and `make test` do all set-up themselves. `make help` lists the rest.
PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
RELEASE := target/release
bindir = $(DESTDIR)$(PREFIX)/bin
libexecdir = $(DESTDIR)$(PREFIX)/libexec/lenscap
docdir = $(DESTDIR)$(PREFIX)/share/doc/lenscap

.PHONY: help run test bench lint build deb-deps install uninstall clean
help:
	@echo 'make run        start the relay for this machine; without camera or loopback node, show it in a VM'
	@echo 'make test       all tests that can run here; TIERS="anywhere desktop kernel" chooses'
	@echo 'make bench      measure, in the VM'
	@echo 'make lint       rustfmt, clippy, cargo-deny, shellcheck'
	@echo 'make build      the release binaries'
	@echo 'make install    what `make build` made, to PREFIX=$(PREFIX) below DESTDIR; `make uninstall` removes it'
	@echo 'make deb-deps   install what this system lacks (Debian, Ubuntu, Fedora, Arch)'
	@echo 'make clean      remove target/, the kernels of the VM included'

run:
	@scripts/run.sh $(ARGS)

test:
	@scripts/test.sh

bench:
	@scripts/bench.sh

lint:
	@scripts/lint.sh

build:
	@scripts/deps.sh build
	$(CARGO) build --release --locked -p lenscap

deb-deps:
	@scripts/deps.sh build run test

$(RELEASE)/lenscap:
	$(MAKE) build

install: $(RELEASE)/lenscap
	install -Dm755 $(RELEASE)/lenscap $(bindir)/lenscap
	install -Dm755 $(RELEASE)/lenscap-worker $(libexecdir)/lenscap-worker
	install -Dm755 $(RELEASE)/lenscap-preferences $(libexecdir)/lenscap-preferences
	install -Dm644 README.md $(docdir)/README.md
	install -Dm644 CHANGELOG.md $(docdir)/CHANGELOG.md
	install -Dm644 LICENSE $(docdir)/LICENSE

uninstall:
	rm -f $(bindir)/lenscap $(libexecdir)/lenscap-worker $(libexecdir)/lenscap-preferences
	rm -f $(docdir)/README.md $(docdir)/CHANGELOG.md $(docdir)/LICENSE
	-rmdir $(libexecdir) $(docdir) 2>/dev/null

clean:
	$(CARGO) clean
