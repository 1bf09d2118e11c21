#!/bin/bash
# Unpacks and configures a Debian 13 with systemd under target/system/root, with what the packages of Lenscap depend on, and the kernel
# and v4l2loopback of the virtual machine's tests. Done once; --refresh makes it anew. Needs root, for files of root's.
# Exit status 77: it cannot be had here.
set -euo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

MIRROR=${LENSCAP_DEBIAN_MIRROR:-http://deb.debian.org}
# systemd and who sits at the computer; sudo and polkit; what the packages depend on; clients.
WANTED=(systemd systemd-sysv udev dbus libpam-systemd kmod acl procps
  polkitd sudo
  libglib2.0-0t64 libpangocairo-1.0-0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  v4l-utils chromium-headless-shell fonts-dejavu-core)

[ "${1:-}" = --refresh ] && rm -f "$SYSTEM/VERSIONS"
[ -s "$SYSTEM/VERSIONS" ] && exit 0
[ "$(uname -m)" = x86_64 ] || skip "the tier needs an x86_64 host"
[ "$(id -u)" = 0 ] || skip "the tier needs root, whose files a system consists of"
need mmdebstrap busybox cpio depmod modprobe mkfs.ext4
"$REPO/tests/vm/prepare.sh"
[ -s "$VM/kernels/$KERNEL/initrd" ] || skip "the archive had no kernel $KERNEL"
release=$(cat "$VM/kernels/$KERNEL/release")

say "making a Debian 13 with systemd from $MIRROR"
rm -rf "$SYSTEM/root"
rc=0
mmdebstrap --quiet --variant=minbase --mode=root --include="$(IFS=,; echo "${WANTED[*]}")" \
  --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  trixie "$SYSTEM/root" "$MIRROR/debian" >"$SYSTEM/fetch.log" 2>&1 || rc=$?
if [ $rc != 0 ]; then
  why=$(grep -m1 -E '^(E|Err|W):' "$SYSTEM/fetch.log" || tail -n1 "$SYSTEM/fetch.log")
  if grep -qE 'resolve|onnect|Network is unreachable|timed out|Failed to fetch' "$SYSTEM/fetch.log"; then
    skip "no packages from $MIRROR ($why); try again with network"
  fi
  die "mmdebstrap failed: $why (whole output in $SYSTEM/fetch.log)"
fi

# The kernel's modules, and the v4l2loopback of Debian 13 built for it.
mkdir -p "$SYSTEM/root/usr/lib/modules"
cp -a "$VM/kernels/$KERNEL/root/lib/modules/$release" "$SYSTEM/root/usr/lib/modules/"
updates=$SYSTEM/root/usr/lib/modules/$release/updates
rm -rf "$updates"
mkdir -p "$updates/dkms"
cp "$VM/modules/$KERNEL/$LOOPBACK/v4l2loopback.ko" "$updates/dkms/"
depmod -b "$SYSTEM/root" "$release"

# alice sits at the computer, may use sudo, and polkit lets her; bob does neither.
chroot "$SYSTEM/root" useradd --create-home --shell /bin/bash --groups sudo alice
chroot "$SYSTEM/root" useradd --create-home --shell /bin/bash bob
echo 'alice ALL=(ALL) NOPASSWD: ALL' >"$SYSTEM/root/etc/sudoers.d/alice"
cp "$REPO"/tests/system/root/lenscap-job.service "$REPO"/tests/system/root/seat-alice.service "$SYSTEM/root/etc/systemd/system/"
ln -s ../lenscap-job.service "$SYSTEM/root/etc/systemd/system/multi-user.target.wants/lenscap-job.service"
for unit in systemd-networkd.service systemd-timesyncd.service systemd-networkd-wait-online.service systemd-networkd.socket apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  getty@tty1.service serial-getty@ttyS0.service fstrim.timer e2scrub_all.timer systemd-network-generator.service; do
  ln -sf /dev/null "$SYSTEM/root/etc/systemd/system/$unit"
done
echo lenscap-test >"$SYSTEM/root/etc/hostname"
: >"$SYSTEM/root/etc/machine-id"

# The tests' initrd with a second archive behind it: a disk for what is written, and its own start.
t=$(mktemp -d)
mkdir -p "$t/modules"
number=200
modprobe -d "$VM/kernels/$KERNEL/root" -S "$release" --show-depends virtio_blk >"$t.list"
modprobe -d "$VM/kernels/$KERNEL/root" -S "$release" --show-depends ext4 >>"$t.list"
awk '$1 == "insmod" { print $2 }' "$t.list" | while read -r module; do
  name=$(basename "$module" | sed 's/\.[xz]z$//; s/\.zst$//')
  case $module in
    *.xz) xz -dc "$module" ;;
    *.zst) zstd -qdc "$module" ;;
    *) cat "$module" ;;
  esac >"$t/modules/$number-$name"
  number=$((number + 1))
done
cp "$REPO/tests/system/root/initrd-init" "$t/init"
chmod 755 "$t/init"
(cd "$t" && find . | cpio -o -H newc -R 0:0 --quiet) >"$SYSTEM/more.cpio"
cat "$VM/kernels/$KERNEL/initrd" "$SYSTEM/more.cpio" >"$SYSTEM/initrd"
rm -rf "$t" "$t.list" "$SYSTEM/more.cpio"
# shellcheck disable=SC2016 # dpkg's own
version() { chroot "$SYSTEM/root" dpkg-query -W -f '${Version}' "$1"; }
echo "Debian $(cat "$SYSTEM/root/etc/debian_version"), kernel $release, v4l2loopback $LOOPBACK, systemd $(version systemd), polkit $(version polkitd), Chromium $(version chromium-headless-shell)" \
  >"$SYSTEM/VERSIONS"
say "$(du -sh "$SYSTEM/root" | cut -f1): $(cat "$SYSTEM/VERSIONS")"
