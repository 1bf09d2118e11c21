#!/bin/bash
# Downloads Debian 13's PipeWire, WirePlumber and GStreamer with all that they need and unpacks them under target/debian13/root.
# Nothing is installed. VERSIONS says what it is. Done once; --refresh looks again.
# Exit status 77: there is no network (or no apt), so the tier cannot run here.
set -euo pipefail
# shellcheck source=tests/debian13/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/apt.sh
. "$REPO/tests/apt.sh"

WANTED=(pipewire pipewire-bin wireplumber gstreamer1.0-pipewire gstreamer1.0-tools gstreamer1.0-plugins-base dbus-daemon libgcc-s1)
# What these depend on, and what nothing of it runs without a start of the whole system.
UNNEEDED=(adduser base-files bash coreutils dbus debconf debianutils dpkg fontconfig-config init-system-helpers iso-codes
  libpam-systemd openssl-provider-legacy passwd perl-base procps systemd x11-common)

[ "${1:-}" = --refresh ] && rm -f "$D13/VERSIONS"
[ -s "$D13/VERSIONS" ] && exit 0
[ "$(uname -m)" = x86_64 ] || skip "the tier needs an x86_64 host"
apt_root "$D13/apt" trixie
{
  printf 'Package: unneeded\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMulti-Arch: foreign\nMaintainer: tests\n'
  printf 'Description: satisfies dependencies\nProvides: %s\n\n' "$(printf '%s (= 99:1), ' "${UNNEEDED[@]}" | sed 's/, $//')"
} >"$APT/var/lib/dpkg/status"
say "fetching PipeWire $(apt-cache show pipewire | sed -n 's/^Version: //p')"
run apt-get -qq install --yes --no-install-recommends --download-only "${WANTED[@]}"

rm -rf "$D13/root"
mkdir -p "$D13/root"/{usr/lib,usr/lib64,usr/bin,usr/sbin,proc,dev,sys,run,tmp}
for name in lib lib64 bin sbin; do ln -s "usr/$name" "$D13/root/$name"; done
for deb in "$APT"/var/cache/apt/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x --no-same-owner --keep-directory-symlink -C "$D13/root" \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/man/*' --exclude='./usr/share/lintian/*' ||
    die "cannot unpack $deb; is the disk full?"
done
# dbus-daemon wants to know who it is.
echo root:x:0:0:root:/tmp:/bin/sh >"$D13/root/etc/passwd"
echo root:x:0: >"$D13/root/etc/group"
upstream() { dpkg-deb -f "$APT"/var/cache/apt/archives/"$1"_*.deb Version | sed 's/-[^-]*$//'; }
found="PipeWire $(upstream pipewire)"$'\n'"WirePlumber $(upstream wireplumber)"$'\n'"GStreamer $(upstream gstreamer1.0-tools)"
say "$(du -sh --apparent-size "$APT/var/cache/apt/archives" | cut -f1) fetched, $(du -sh "$D13/root" | cut -f1) unpacked: ${found//$'\n'/, }"
rm -rf "$APT"
echo "$found" >"$D13/VERSIONS"
