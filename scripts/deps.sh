#!/bin/sh
# What Lenscap needs of this system, by group:
#   scripts/deps.sh [--check|--yes] build|run|test|lint|pictures ...
# build: compiling and installing, the Rust compiler first of all. run: the relay with ordinary cameras. test: the tiers of `make test`, the VM included.
# lint: what `make lint` looks at the files for the desktop with. pictures: a second tray, and notifications, for `make pictures`.
# Installs what is missing on Debian, Ubuntu, Fedora and Arch (through sudo when not root); with --check, and elsewhere,
# only lists it. A Rust compiler only after a question; --yes answers it. Never a kernel, never a kernel module.
# Exit status: 0 all is there, 1 something is missing. Runs before there is anything but a POSIX shell.
set -eu
cd "$(dirname "$0")/.."
. scripts/system.sh
. scripts/rust.sh

# The tables are read by name, in wanted().
# shellcheck disable=SC2034
{
  # Ubuntu's Chromium is a snap, which sees nothing of a test's session: what needs it is skipped there.
  case $distribution in ubuntu*) debian_browser='' ;; *) debian_browser="chromium chromium-headless-shell" ;; esac
  debian_build="gcc libc6-dev make pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgtk-4-dev libadwaita-1-dev libsqlite3-dev
    gettext"
  debian_run="gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
  debian_test="qemu-system-x86 busybox-static cpio kmod udev systemd xz-utils zstd binutils gcc-12 debian-archive-keyring v4l-utils ffmpeg
    gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good procps shellcheck
    xvfb xauth dbus dbus-daemon xfce4-panel xfconf lxqt-panel python3-gi python3-dbusmock gjs libglib2.0-dev-bin openbox xdotool xclip imagemagick bubblewrap
    at-spi2-core gir1.2-atspi-2.0 adwaita-icon-theme fonts-dejavu-core fonts-lohit-deva fonts-wqy-microhei librsvg2-common
    pipewire pipewire-bin wireplumber gstreamer1.0-pipewire xdg-desktop-portal $debian_browser
    debhelper mmdebstrap rpm makepkg libarchive-tools pacman-package-manager"
  debian_lint="shellcheck desktop-file-utils appstream systemd flatpak-builder libxml2-utils libglib2.0-dev-bin man-db groff-base gettext
    lintian rpmlint nix-bin"
  debian_pictures="x11-xserver-utils xfce4-notifyd mate-panel mate-notification-daemon"
  fedora_build="gcc make pkgconf-pkg-config gstreamer1-devel gstreamer1-plugins-base-devel gtk4-devel libadwaita-devel sqlite-devel
    gettext"
  fedora_run="gstreamer1-plugins-base gstreamer1-plugins-good"
  fedora_test="qemu-system-x86-core busybox cpio kmod systemd-udev xz zstd binutils apt dpkg debian-keyring v4l-utils ffmpeg-free
    gstreamer1 gstreamer1-plugins-base gstreamer1-plugins-good elfutils-libelf procps-ng ShellCheck
    dbus-daemon gjs glib2-devel pipewire pipewire-utils wireplumber pipewire-gstreamer xdg-desktop-portal chromium"
  fedora_lint="ShellCheck desktop-file-utils appstream systemd flatpak-builder libxml2 glib2-devel man-db groff-base gettext"
  fedora_pictures="xsetroot xfce4-notifyd mate-panel mate-notification-daemon"
  arch_build="gcc make pkgconf gstreamer gst-plugins-base-libs gtk4 libadwaita sqlite gettext"
  arch_run="gst-plugins-base gst-plugins-good"
  arch_test="qemu-system-x86 busybox cpio kmod systemd xz zstd binutils apt dpkg debian-archive-keyring v4l-utils ffmpeg gstreamer
    gst-plugins-base gst-plugins-good libelf procps-ng shellcheck dbus gjs glib2-devel pipewire wireplumber gst-plugin-pipewire
    xdg-desktop-portal chromium"
  arch_lint="shellcheck desktop-file-utils appstream systemd flatpak-builder libxml2 glib2-devel man-db groff gettext"
  arch_pictures="xorg-xsetroot xfce4-notifyd mate-panel mate-notification-daemon"
}

check='' yes=''
case ${1:-} in
  --check) check=1; shift ;;
  --yes) yes=1; shift ;;
esac
[ $# -gt 0 ] || set -- build run
for group; do
  case $group in build | run | test | lint | pictures) ;; *) echo "deps: unknown group $group; there are build, run, test, lint and pictures" >&2; exit 1 ;; esac
done

# wanted TABLE GROUP...: the packages, each once.
wanted() {
  table=$1
  shift
  for group; do eval "echo \"\$${table}_$group\""; done | tr -s ' ' '\n' | awk 'NF && !seen[$0]++'
}
missing() {
  case $manager in
    apt)
      names=$(wanted debian "$@")
      # shellcheck disable=SC2086 # a list
      { dpkg-query -W -f '${db:Status-Status} ${Package}\n' $names 2>/dev/null || true; printf 'wanted %s\n' $names; } |
        awk '$1 == "installed" { there[$2] } $1 == "wanted" && !($2 in there) { print $2 }' ;;
    dnf) wanted fedora "$@" | while read -r p; do rpm -q --quiet --whatprovides "$p" || echo "$p"; done ;;
    pacman) wanted arch "$@" | xargs pacman -T || true ;;
  esac
}

case " $* " in *" build "*) see_to_rust || exit 1 ;; esac

if [ -z "$manager" ]; then
  echo "deps: no packages known for this distribution. Needed, by their Debian names:" >&2
  for group; do echo "  $group: $(wanted debian "$group" | tr '\n' ' ')" >&2; done
  for m in gstreamer-video-1.0 gtk4 libadwaita-1 sqlite3; do
    pkg-config --exists "$m" 2>/dev/null || { echo "deps: missing: $m (pkg-config)" >&2; lacking=1; }
  done
  [ -z "${lacking:-}" ] || exit 1
fi

# shellcheck disable=SC2046 # a list
set -- $(missing "$@")
[ $# -gt 0 ] || exit 0
if [ -n "$check" ]; then
  echo "deps: missing: $how $*" >&2
  exit 1
fi
echo "deps: installing $*" >&2
install_packages "$@"
