#!/bin/bash
# What Lenscap needs of this system, by group:
#   scripts/deps.sh [--check] build|run|test|lint|pictures ...
# build: compiling and installing. run: the relay with ordinary cameras. test: the tiers of `make test`, the VM included.
# lint: what `make lint` looks at the files for the desktop with. pictures: a second tray, and notifications, for `make pictures`.
# Installs what is missing on Debian, Ubuntu, Fedora and Arch (through sudo when not root); with --check, and elsewhere,
# only lists it. Never a kernel, never a kernel module. Exit status: 0 all is there, 1 something is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

# The tables are read by name, in wanted().
# shellcheck disable=SC2034
declare -A debian=(
  [build]="gcc libc6-dev make pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgtk-4-dev libadwaita-1-dev
    gettext"
  [run]="gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
  [test]="qemu-system-x86 busybox-static cpio kmod udev systemd xz-utils zstd binutils gcc-12 debian-archive-keyring v4l-utils ffmpeg
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good procps shellcheck
    xvfb xauth dbus dbus-daemon xfce4-panel xfconf lxqt-panel python3-gi python3-dbusmock openbox xdotool imagemagick
    at-spi2-core gir1.2-atspi-2.0 adwaita-icon-theme fonts-dejavu-core fonts-lohit-deva fonts-wqy-microhei librsvg2-common
    pipewire pipewire-bin wireplumber gstreamer1.0-pipewire xdg-desktop-portal chromium
    chromium-headless-shell"
  [lint]="shellcheck desktop-file-utils appstream systemd flatpak-builder libxml2-utils libglib2.0-dev-bin man-db groff-base gettext"
  [pictures]="xfce4-notifyd mate-panel mate-notification-daemon"
)
# shellcheck disable=SC2034
declare -A fedora=(
  [build]="gcc make pkgconf-pkg-config gstreamer1-devel gstreamer1-plugins-base-devel gtk4-devel libadwaita-devel
    gettext"
  [run]="gstreamer1-plugins-base gstreamer1-plugins-good"
  [test]="qemu-system-x86-core busybox cpio kmod systemd-udev xz zstd binutils apt dpkg debian-keyring v4l-utils ffmpeg-free
    gstreamer1 gstreamer1-plugins-base gstreamer1-plugins-good elfutils-libelf procps-ng ShellCheck
    dbus-daemon pipewire pipewire-utils wireplumber pipewire-gstreamer xdg-desktop-portal chromium"
  [lint]="ShellCheck desktop-file-utils appstream systemd flatpak-builder libxml2 glib2-devel man-db groff-base gettext"
  [pictures]="xfce4-notifyd mate-panel mate-notification-daemon"
)
# shellcheck disable=SC2034
declare -A arch=(
  [build]="gcc make pkgconf gstreamer gst-plugins-base-libs gtk4 libadwaita gettext"
  [run]="gst-plugins-base gst-plugins-good"
  [test]="qemu-system-x86 busybox cpio kmod systemd xz zstd binutils apt dpkg debian-archive-keyring v4l-utils ffmpeg gstreamer
    gst-plugins-base gst-plugins-good libelf procps-ng shellcheck dbus pipewire wireplumber gst-plugin-pipewire
    xdg-desktop-portal chromium"
  [lint]="shellcheck desktop-file-utils appstream systemd flatpak-builder libxml2 glib2-devel man-db groff gettext"
  [pictures]="xfce4-notifyd mate-panel mate-notification-daemon"
)

check=
[ "${1:-}" = --check ] && { check=1; shift; }
[ $# -gt 0 ] || set -- build run
for group; do
  case $group in build | run | test | lint | pictures) ;; *) echo "deps: unknown group $group; there are build, run, test, lint and pictures" >&2; exit 1 ;; esac
done

# wanted TABLE GROUP...: the packages, each once.
wanted() {
  local -n table=$1
  shift
  for group; do tr -s ' \n' '\n\n' <<<"${table[$group]}"; done | awk 'NF && !seen[$0]++'
}
missing_deb() {
  local names
  mapfile -t names < <(wanted debian "$@")
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${names[@]}" 2>/dev/null |
    awk '$1=="installed"{print $2}' | sort | comm -13 - <(printf '%s\n' "${names[@]}" | sort)
}
missing_rpm() { wanted fedora "$@" | while read -r p; do rpm -q --quiet --whatprovides "$p" || echo "$p"; done; }
missing_arch() { wanted arch "$@" | xargs pacman -T || true; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else echo "deps: neither root nor sudo; run as root: $*" >&2; return 1
  fi
}
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update &&
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --yes --no-install-recommends "$@" >/dev/null' \
    sh "$@"
}

# Ubuntu's Chromium is a snap, which sees nothing of a test's session: what needs it is skipped there.
if grep -qx 'ID=ubuntu' /etc/os-release 2>/dev/null; then debian[test]=${debian[test]/ chromium*chromium-headless-shell/}; fi

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null && [ -e /etc/debian_version ]; then
  list=missing_deb install=apt_install how="apt install"
elif command -v dnf >/dev/null; then
  list=missing_rpm install="as_root dnf --quiet --assumeyes install" how="dnf install"
elif command -v pacman >/dev/null; then
  list=missing_arch install="as_root pacman --sync --needed --noconfirm" how="pacman -S"
else
  echo "deps: no packages known for this distribution. Needed, by their Debian names:" >&2
  for group; do echo "  $group: $(wanted debian "$group" | tr '\n' ' ')" >&2; done
  ok=1
  for m in gstreamer-video-1.0 gtk4 libadwaita-1; do
    pkg-config --exists "$m" 2>/dev/null || { echo "deps: missing: $m (pkg-config)" >&2; ok=; }
  done
  [ -n "$ok" ] || exit 1
  list=: install=: how=:
fi

mapfile -t missing < <($list "$@")
if [ ${#missing[@]} -gt 0 ]; then
  if [ -n "$check" ]; then
    echo "deps: missing: $how ${missing[*]}" >&2
    exit 1
  fi
  echo "deps: installing ${missing[*]}" >&2
  $install "${missing[@]}" || { echo "deps: could not install them; try: $how ${missing[*]}" >&2; exit 1; }
fi

# The compiler, where something is to be built.
case " $* " in
  *" build "*)
    need=$(sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)
    PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin
    have=$(rustc --version 2>/dev/null | awk '{print $2}' || true)
    if [ -z "$have" ] || ! command -v cargo >/dev/null; then
      echo "deps: there is no Rust compiler (cargo, rustc); install Rust $need or newer from https://rustup.rs" >&2
      exit 1
    fi
    if [ "$(printf '%s\n%s\n' "$need" "$have" | sort -V | head -n1)" != "$need" ]; then
      echo "deps: rustc $have is older than $need; with rustup (https://rustup.rs): rustup update stable" >&2
      exit 1
    fi
    ;;
esac
