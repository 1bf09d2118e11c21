# Lenscap. `make run` and `make test` are ./run and ./test, which need no make. `make help` lists the rest.
PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
RELEASE := target/release
ID := io.github.lenscap.Lenscap
LINGUAS := $(shell cat po/LINGUAS)

bindir = $(PREFIX)/bin
libexecdir = $(PREFIX)/libexec/lenscap
datadir = $(PREFIX)/share
docdir = $(datadir)/doc/lenscap
# In every search path of systemd's: a packager may prefer $(PREFIX)/lib/systemd/user.
systemduserunitdir = $(datadir)/systemd/user
# WirePlumber 0.4 reads /usr/share, /etc and the user's alone, whatever XDG_DATA_DIRS says; 0.5 reads all of them. With another
# PREFIX than /usr: wireplumberdir=/etc/wireplumber.
wireplumberdir = $(datadir)/wireplumber
# Of the whole system. systemd and udev read /usr/local/lib, too; the bus and polkit read /usr/share alone: with another PREFIX
# "lenscap setup" works through sudo.
systemdsystemunitdir = $(PREFIX)/lib/systemd/system
udevrulesdir = $(PREFIX)/lib/udev/rules.d
SETUP = io.github.lenscap.Setup1

# What `make install` puts, below DESTDIR: `make uninstall` removes these and nothing else.
ICONS := $(patsubst icons/%,%,$(wildcard icons/hicolor/*/apps/*.svg))
INSTALLED = $(bindir)/lenscap $(libexecdir)/lenscap-applet $(libexecdir)/lenscap-worker $(libexecdir)/lenscap-preferences \
  $(libexecdir)/lenscap-pipewire $(libexecdir)/lenscap-cards $(wireplumberdir)/main.lua.d/51-lenscap.lua $(wireplumberdir)/wireplumber.conf.d/51-lenscap.conf \
  $(datadir)/applications/$(ID).desktop $(datadir)/lenscap/$(ID)-autostart.desktop \
  $(datadir)/dbus-1/services/$(ID).service $(datadir)/dbus-1/interfaces/$(ID).xml \
  $(systemduserunitdir)/lenscap.service $(datadir)/metainfo/$(ID).metainfo.xml \
  $(datadir)/man/man1/lenscap.1 $(addprefix $(datadir)/icons/,$(ICONS)) \
  $(datadir)/bash-completion/completions/lenscap $(datadir)/zsh/site-functions/_lenscap \
  $(datadir)/fish/vendor_completions.d/lenscap.fish \
  $(libexecdir)/lenscap-setup $(addprefix $(systemdsystemunitdir)/,lenscap-device.service lenscap-setup.service) \
  $(udevrulesdir)/70-lenscap.rules $(datadir)/polkit-1/actions/io.github.lenscap.setup.policy \
  $(addprefix $(datadir)/dbus-1/,system-services/$(SETUP).service system.d/$(SETUP).conf interfaces/$(SETUP).xml) \
  $(LINGUAS:%=$(datadir)/locale/%/LC_MESSAGES/lenscap.mo) \
  $(addprefix $(docdir)/,README.md CHANGELOG.md LICENSE config.toml)
OWN_DIRECTORIES = $(libexecdir) $(datadir)/lenscap $(docdir)
PUT = install -Dm644
# A cache that is there and older than the icons hides them; where there is none, none is made.
REFRESH_ICONS = @cache=$(DESTDIR)$(datadir)/icons/hicolor; [ ! -e $$cache/icon-theme.cache ] || \
  gtk-update-icon-cache --quiet --force --ignore-theme-index $$cache || true
# With the translations of all languages in po/LINGUAS.
TRANSLATED = msgfmt -d po
WITH_PATHS = sed 's|@bindir@|$(bindir)|g; s|@libexecdir@|$(libexecdir)|g'

.PHONY: help run test test-long fuzz bench lint pot pictures build deb-deps install uninstall clean
help:
	@echo 'make run        start the relay for this machine; without camera or loopback node, show it in a VM'
	@echo 'make test       all tests that can run here; TIERS="anywhere debian13 desktop kernel" chooses'
	@echo 'make test-long  random sequences of operations in the VM: SEEDS=10 [MODE=isoc|bulk] [OPS=500]'
	@echo 'make fuzz       what strangers can reach, fed at random; SECONDS=60 each, TARGETS="jpeg worker" chooses'
	@echo 'make bench      measure, in the VM'
	@echo 'make lint       rustfmt, clippy, cargo-deny, shellcheck, the files for the desktop, the translations'
	@echo 'make pot        collect the texts to translate; po/ is up to date afterwards'
	@echo 'make pictures   the pictures of README and metainfo, anew from a real run; look at them afterwards'
	@echo 'make build      the release binaries'
	@echo 'make install    what `make build` made, to PREFIX=$(PREFIX) below DESTDIR; `make uninstall` removes it'
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
	$(CARGO) build --release --locked -p lenscap -p lenscap-applet -p lenscap-worker -p lenscap-preferences -p lenscap-pipewire -p lenscap-cards -p lenscap-setup

deb-deps:
	@scripts/deps.sh build run test

$(RELEASE)/lenscap:
	$(MAKE) build

install: $(RELEASE)/lenscap
	@command -v msgfmt >/dev/null || { echo 'msgfmt is missing: install the package gettext' >&2; exit 1; }
	install -Dm755 $(RELEASE)/lenscap $(DESTDIR)$(bindir)/lenscap
	install -Dm755 $(RELEASE)/lenscap-applet $(DESTDIR)$(libexecdir)/lenscap-applet
	install -Dm755 $(RELEASE)/lenscap-worker $(DESTDIR)$(libexecdir)/lenscap-worker
	install -Dm755 $(RELEASE)/lenscap-preferences $(DESTDIR)$(libexecdir)/lenscap-preferences
	install -Dm755 $(RELEASE)/lenscap-pipewire $(DESTDIR)$(libexecdir)/lenscap-pipewire
	install -Dm755 $(RELEASE)/lenscap-cards $(DESTDIR)$(libexecdir)/lenscap-cards
	install -Dm755 $(RELEASE)/lenscap-setup $(DESTDIR)$(libexecdir)/lenscap-setup
	$(PUT) data/wireplumber/51-lenscap.lua $(DESTDIR)$(wireplumberdir)/main.lua.d/51-lenscap.lua
	$(PUT) data/wireplumber/51-lenscap.conf $(DESTDIR)$(wireplumberdir)/wireplumber.conf.d/51-lenscap.conf
	$(PUT) data/$(ID).xml $(DESTDIR)$(datadir)/dbus-1/interfaces/$(ID).xml
	$(PUT) data/$(SETUP).xml $(DESTDIR)$(datadir)/dbus-1/interfaces/$(SETUP).xml
	$(PUT) data/$(SETUP).conf $(DESTDIR)$(datadir)/dbus-1/system.d/$(SETUP).conf
	$(PUT) data/io.github.lenscap.setup.policy $(DESTDIR)$(datadir)/polkit-1/actions/io.github.lenscap.setup.policy
	$(PUT) data/70-lenscap.rules $(DESTDIR)$(udevrulesdir)/70-lenscap.rules
	$(PUT) data/lenscap.1 $(DESTDIR)$(datadir)/man/man1/lenscap.1
	for icon in $(ICONS); do $(PUT) icons/$$icon $(DESTDIR)$(datadir)/icons/$$icon || exit 1; done
	for file in README.md CHANGELOG.md LICENSE data/config.toml; do $(PUT) -t $(DESTDIR)$(docdir) $$file || exit 1; done
	install -d $(addprefix $(DESTDIR)$(datadir)/,applications lenscap metainfo dbus-1/services) $(DESTDIR)$(systemduserunitdir)
	$(TRANSLATED) --desktop --template=data/$(ID).desktop.in -o $(DESTDIR)$(datadir)/applications/$(ID).desktop
	$(TRANSLATED) --desktop --template=data/$(ID)-autostart.desktop.in -o $(DESTDIR)$(datadir)/lenscap/$(ID)-autostart.desktop
	$(TRANSLATED) --xml --template=data/$(ID).metainfo.xml.in -o $(DESTDIR)$(datadir)/metainfo/$(ID).metainfo.xml
	$(WITH_PATHS) data/$(ID).service.in >$(DESTDIR)$(datadir)/dbus-1/services/$(ID).service
	$(WITH_PATHS) data/lenscap.service.in >$(DESTDIR)$(systemduserunitdir)/lenscap.service
	install -d $(DESTDIR)$(systemdsystemunitdir) $(DESTDIR)$(datadir)/dbus-1/system-services
	$(WITH_PATHS) data/$(SETUP).service.in >$(DESTDIR)$(datadir)/dbus-1/system-services/$(SETUP).service
	for unit in lenscap-device lenscap-setup; do $(WITH_PATHS) data/$$unit.service.in >$(DESTDIR)$(systemdsystemunitdir)/$$unit.service || exit 1; done
	install -d $(DESTDIR)$(datadir)/bash-completion/completions $(DESTDIR)$(datadir)/zsh/site-functions \
	  $(DESTDIR)$(datadir)/fish/vendor_completions.d
	$(RELEASE)/lenscap completions bash >$(DESTDIR)$(datadir)/bash-completion/completions/lenscap
	$(RELEASE)/lenscap completions zsh >$(DESTDIR)$(datadir)/zsh/site-functions/_lenscap
	$(RELEASE)/lenscap completions fish >$(DESTDIR)$(datadir)/fish/vendor_completions.d/lenscap.fish
	for lang in $(LINGUAS); do install -d $(DESTDIR)$(datadir)/locale/$$lang/LC_MESSAGES && \
	  msgfmt -o $(DESTDIR)$(datadir)/locale/$$lang/LC_MESSAGES/lenscap.mo po/$$lang.po || exit 1; done
	$(REFRESH_ICONS)

uninstall:
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	-rmdir $(addprefix $(DESTDIR),$(OWN_DIRECTORIES)) 2>/dev/null
	$(REFRESH_ICONS)

clean:
	$(CARGO) clean
