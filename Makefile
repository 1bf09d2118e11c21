# Lenscap. `make run` and `make test` are ./run and ./test, which need no make. `make help` lists the rest.
PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
# Where Cargo puts what it builds, and scripts/build.sh what comes with it.
TARGET = $(or $(CARGO_TARGET_DIR),target)
RELEASE = $(TARGET)$(CARGO_BUILD_TARGET:%=/%)/release
MADE = $(TARGET)/release/installed
ID := io.github.lenscap.Lenscap
LINGUAS := $(shell cat po/LINGUAS)

bindir = $(PREFIX)/bin
libexecdir = $(PREFIX)/libexec/lenscap
datadir = $(PREFIX)/share
docdir = $(datadir)/doc/lenscap
extensiondir = $(datadir)/gnome-shell/extensions/$(EXTENSION)
# In every search path of systemd's: a packager may prefer $(PREFIX)/lib/systemd/user.
systemduserunitdir = $(datadir)/systemd/user
# WirePlumber 0.4 reads /usr/share, /etc and the user's alone, whatever XDG_DATA_DIRS says; 0.5 reads all of them. With another
# PREFIX than /usr: wireplumberdir=/etc/wireplumber.
wireplumberdir = $(datadir)/wireplumber
# Of the whole system. systemd and udev read /usr/local/lib, too; the bus and polkit read /usr/share alone: with another PREFIX
# "lenscap setup" works through sudo.
systemdsystemunitdir = $(PREFIX)/lib/systemd/system
udevrulesdir = $(PREFIX)/lib/udev/rules.d
# The group of lenscap-raw-cameras, which a package makes set-group-id (packaging/README.md); this does not.
sysusersdir = $(PREFIX)/lib/sysusers.d
SETUP = io.github.lenscap.Setup1

# GNOME's quick settings: off until somebody switches it on in "Extensions".
EXTENSION = lenscap@lenscap.github.io
EXTENSION_FILES := $(notdir $(wildcard data/gnome-shell/$(EXTENSION)/*))

# What `make install` puts, below DESTDIR: `make uninstall` removes these and nothing else.
ICONS := $(patsubst icons/%,%,$(wildcard icons/hicolor/*/apps/*.svg))
COMMANDS = run status off allow block pause resume toggle preferences cameras doctor controls setup import log completions
PROGRAMS = lenscap-applet lenscap-worker lenscap-preferences lenscap-pipewire lenscap-cards lenscap-history lenscap-setup lenscap-raw-cameras
MANUAL = man1/lenscap.1 man8/lenscap-programs.8 $(PROGRAMS:%=man8/%.8)
# What `make build` made, as it is.
COPIED = bash-completion/completions/lenscap zsh/site-functions/_lenscap fish/vendor_completions.d/lenscap.fish \
  $(COMMANDS:%=man/man1/lenscap-%.1) $(LINGUAS:%=locale/%/LC_MESSAGES/lenscap.mo) \
  applications/$(ID).desktop lenscap/$(ID)-autostart.desktop metainfo/$(ID).metainfo.xml
INSTALLED = $(bindir)/lenscap $(PROGRAMS:%=$(libexecdir)/%) \
  $(wireplumberdir)/main.lua.d/51-lenscap.lua $(wireplumberdir)/wireplumber.conf.d/51-lenscap.conf \
  $(datadir)/dbus-1/services/$(ID).service $(datadir)/dbus-1/interfaces/$(ID).xml \
  $(systemduserunitdir)/lenscap.service $(sysusersdir)/lenscap.conf \
  $(addprefix $(systemdsystemunitdir)/,lenscap-device.service lenscap-further-devices.service lenscap-setup.service) \
  $(udevrulesdir)/70-lenscap.rules $(datadir)/polkit-1/actions/io.github.lenscap.setup.policy \
  $(addprefix $(datadir)/dbus-1/,system-services/$(SETUP).service system.d/$(SETUP).conf interfaces/$(SETUP).xml) \
  $(addprefix $(datadir)/icons/,$(ICONS)) $(addprefix $(datadir)/man/,$(MANUAL)) $(addprefix $(datadir)/,$(COPIED)) \
  $(addprefix $(docdir)/,README.md CHANGELOG.md LICENSE config.toml) \
  $(addprefix $(docdir)/recipes/,$(notdir $(wildcard data/recipes/*))) \
  $(addprefix $(extensiondir)/,$(EXTENSION_FILES))
OWN_DIRECTORIES = $(extensiondir) $(libexecdir) $(datadir)/lenscap $(docdir)/recipes $(docdir)
PUT = install -Dm644
# A cache that is there and older than the icons hides them; where there is none, none is made.
REFRESH_ICONS = @cache=$(DESTDIR)$(datadir)/icons/hicolor; [ ! -e $$cache/icon-theme.cache ] || \
  gtk-update-icon-cache --quiet --force --ignore-theme-index $$cache || true
WITH_PATHS = sed 's|@bindir@|$(bindir)|g; s|@libexecdir@|$(libexecdir)|g'

.PHONY: help run test test-long fuzz bench lint pot pictures build deb rpm arch flatpak flatpak-sources nix-check gnome-extension packages reproducible deb-deps install uninstall clean
help:
	@echo 'make run        start the relay for this machine; without camera or loopback node, show it in a VM'
	@echo 'make test       all tests that can run here; TIERS="anywhere debian13 desktop packages kernel" chooses'
	@echo 'make test-long  random sequences of operations in the VM: SEEDS=10 [MODE=isoc|bulk] [OPS=500]'
	@echo 'make fuzz       what strangers can reach, fed at random; SECONDS=60 each, TARGETS="jpeg worker" chooses'
	@echo 'make bench      measure, in the VM'
	@echo 'make lint       rustfmt, clippy, cargo-deny, shellcheck, the files for the desktop, the translations'
	@echo 'make pot        collect the texts to translate; po/ is up to date afterwards'
	@echo 'make pictures   the pictures of README and metainfo, anew from a real run; look at them afterwards'
	@echo 'make build      the release binaries'
	@echo 'make install    what `make build` made, to PREFIX=$(PREFIX) below DESTDIR; `make uninstall` removes it'
	@echo 'make deb        what `make build` made as Debian packages, in target/packages/deb'
	@echo 'make rpm        the same for Fedora; make arch, make flatpak for those'
	@echo 'make gnome-extension   what `make install` puts for GNOME as a zip for one user, in target/packages'
	@echo 'make packages   all of them that can be made here: a table of sizes and hashes'
	@echo 'make reproducible   whether another build, in another directory, is the same byte for byte'
	@echo 'make deb-deps   install what this system lacks (Debian, Ubuntu, Fedora, Arch)'
	@echo 'make clean      remove target/, the kernels of the VM included'

run:
	@./run $(ARGS)

test:
	@./test $(ARGS)

test-long:
	@tests/vm/long.sh

fuzz: SECONDS ?= 60
fuzz:
	@scripts/fuzz.sh $(SECONDS) $(TARGETS)

bench:
	@scripts/bench.sh

lint:
	@scripts/lint.sh

pot:
	@scripts/translations.sh

pictures:
	@scripts/pictures.sh

build:
	@scripts/deps.sh build
	scripts/build.sh

deb-deps:
	@scripts/deps.sh build run test

# Builds nothing and fetches nothing: it may run as root, where neither Cargo nor this directory should be written to.
install:
	@for made in $(RELEASE)/lenscap $(PROGRAMS:%=$(RELEASE)/%) $(COPIED:%=$(MADE)/share/%); do [ -e $$made ] || \
	  { echo "There is nothing to install yet ($$made is missing): run make build" >&2; exit 1; }; done
	install -Dm755 $(RELEASE)/lenscap $(DESTDIR)$(bindir)/lenscap
	install -d $(DESTDIR)$(libexecdir)
	install -m755 -t $(DESTDIR)$(libexecdir) $(PROGRAMS:%=$(RELEASE)/%)
	for file in $(COPIED); do $(PUT) $(MADE)/share/$$file $(DESTDIR)$(datadir)/$$file || exit 1; done
	$(PUT) data/wireplumber/51-lenscap.lua $(DESTDIR)$(wireplumberdir)/main.lua.d/51-lenscap.lua
	$(PUT) data/wireplumber/51-lenscap.conf $(DESTDIR)$(wireplumberdir)/wireplumber.conf.d/51-lenscap.conf
	$(PUT) data/$(ID).xml $(DESTDIR)$(datadir)/dbus-1/interfaces/$(ID).xml
	$(PUT) data/$(SETUP).xml $(DESTDIR)$(datadir)/dbus-1/interfaces/$(SETUP).xml
	$(PUT) data/$(SETUP).conf $(DESTDIR)$(datadir)/dbus-1/system.d/$(SETUP).conf
	$(PUT) data/io.github.lenscap.setup.policy $(DESTDIR)$(datadir)/polkit-1/actions/io.github.lenscap.setup.policy
	$(PUT) data/70-lenscap.rules $(DESTDIR)$(udevrulesdir)/70-lenscap.rules
	$(PUT) data/lenscap.sysusers $(DESTDIR)$(sysusersdir)/lenscap.conf
	$(PUT) data/lenscap.1 $(DESTDIR)$(datadir)/man/man1/lenscap.1
	$(PUT) data/lenscap-programs.8 $(DESTDIR)$(datadir)/man/man8/lenscap-programs.8
	for program in $(PROGRAMS); do echo .so man8/lenscap-programs.8 >$(DESTDIR)$(datadir)/man/man8/$$program.8 || exit 1; done
	for icon in $(ICONS); do $(PUT) icons/$$icon $(DESTDIR)$(datadir)/icons/$$icon || exit 1; done
	for file in README.md CHANGELOG.md LICENSE data/config.toml; do $(PUT) -t $(DESTDIR)$(docdir) $$file || exit 1; done
	$(PUT) -t $(DESTDIR)$(docdir)/recipes data/recipes/*.*
	install -Dm755 -t $(DESTDIR)$(docdir)/recipes data/recipes/on-air-led data/recipes/home-assistant
	$(PUT) -t $(DESTDIR)$(extensiondir) data/gnome-shell/$(EXTENSION)/*
	install -d $(DESTDIR)$(datadir)/dbus-1/services $(DESTDIR)$(systemduserunitdir)
	$(WITH_PATHS) data/$(ID).service.in >$(DESTDIR)$(datadir)/dbus-1/services/$(ID).service
	$(WITH_PATHS) data/lenscap.service.in >$(DESTDIR)$(systemduserunitdir)/lenscap.service
	install -d $(DESTDIR)$(systemdsystemunitdir) $(DESTDIR)$(datadir)/dbus-1/system-services
	$(WITH_PATHS) data/$(SETUP).service.in >$(DESTDIR)$(datadir)/dbus-1/system-services/$(SETUP).service
	for unit in lenscap-device lenscap-further-devices lenscap-setup; do $(WITH_PATHS) data/$$unit.service.in >$(DESTDIR)$(systemdsystemunitdir)/$$unit.service || exit 1; done
	$(REFRESH_ICONS)

deb rpm arch flatpak flatpak-sources nix-check gnome-extension:
	@packaging/$@.sh

reproducible:
	@scripts/reproducible.sh

packages:
	@packaging/table.sh

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(addprefix $(DESTDIR),$(OWN_DIRECTORIES)) 2>/dev/null
	$(REFRESH_ICONS)

clean:
	$(CARGO) clean
