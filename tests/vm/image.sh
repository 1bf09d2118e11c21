#!/bin/bash
# Makes what QEMU boots, per kernel: vmlinux (uncompressed: four seconds less under emulation), an initrd of busybox
# and the modules for 9p and overlayfs, a module index, and GStreamer's plugin list. What is there is not made again.
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin

# uncompress BZIMAGE OUT: the ELF image inside, whichever way it is packed.
uncompress() {
  local name magic at
  while read -r name magic; do
    # every place that looks like a header; the first that unpacks to an ELF file is the kernel
    while read -r at; do
      tail -c +$((at + 1)) "$1" | "$name" -dc 2>/dev/null >"$2" || true # the image goes on after the packed part
      [ "$(head -c 4 "$2" | od -An -c | tr -d ' ')" = '177ELF' ] && return
    done < <(LC_ALL=C grep -abo -P "$magic" "$1" | cut -d: -f1 | head -n 5)
  done <<'MAGIC'
xz \xfd7zXZ\x00
zstd \x28\xb5\x2f\xfd
gzip \x1f\x8b\x08
MAGIC
  die "cannot unpack $1"
}

initrd() { # initrd KERNEL RELEASE
  local dir=$VM/kernels/$1 t f name n=100
  t=$(mktemp -d); mkdir -p "$t/bin" "$t/modules"
  cp "$(command -v busybox)" "$t/bin/busybox"
  while read -r f; do
    name=$(basename "$f"); name=${name%.xz}; name=${name%.zst}
    ls "$t"/modules/*-"$name" >/dev/null 2>&1 && continue
    case $f in
      *.xz) xz -dc "$f" ;;
      *.zst) zstd -qdc "$f" ;;
      *) cat "$f" ;;
    esac >"$t/modules/$n-$name"
    n=$((n + 1))
  done < <(for m in virtio_pci 9pnet_virtio 9p overlay virtio_console virtio_rng; do
      modprobe -d "$dir/root" -S "$2" --show-depends "$m"
    done | awk '$1=="insmod"{print $2}')
  cp "$HERE/initrd-init" "$t/init"; chmod 755 "$t/init"
  (cd "$t" && find . | cpio -o -H newc -R 0:0 --quiet) >"$dir/initrd.new"
  rm -rf "$t"
  mv "$dir/initrd.new" "$dir/initrd"
}

for k in $KERNELS; do
  dir=$VM/kernels/$k
  [ -d "$dir/root" ] || continue
  [ -s "$dir/initrd" ] && [ "$dir/initrd" -nt "$HERE/initrd-init" ] && continue
  need busybox cpio depmod modprobe xz zstd
  release=$(awk -v k="$k" '$1=="kernel" && $2==k {print $4}' "$VM/VERSIONS")
  say "making the image of kernel $k ($release)"
  [ -s "$dir/vmlinux" ] || { uncompress "$dir/root/boot/vmlinuz-$release" "$dir/vmlinux.new"; mv "$dir/vmlinux.new" "$dir/vmlinux"; }
  # `modprobe v4l2loopback` in the guest shall load the version asked for: index the newest (the dependencies are
  # the same), then leave a link that the guest points at its choice.
  updates=$dir/root/lib/modules/$release/updates
  rm -rf "$updates"; mkdir -p "$updates"
  cp "$VM/modules/$k/$(modules_for "$k" | tail -n1)/v4l2loopback.ko" "$updates/"
  depmod -b "$dir/root" "$release"
  ln -sf /run/v4l2loopback.ko "$updates/v4l2loopback.ko"
  initrd "$k" "$release"
  echo "$release" >"$dir/release"
done

# A /dev/kvm that opens is no proof (seen: one that made machines in which nothing ever ran): a kernel has to speak.
# The answer holds until this machine boots again.
boot=$(cat /proc/sys/kernel/random/boot_id)
if ! grep -qsF "$boot" "$VM/accel"; then
  accel=tcg
  kernel=$(ls "$VM"/kernels/*/vmlinux | head -n1)
  if [ -w /dev/kvm ] && timeout -k 1 8 qemu-system-x86_64 -machine q35 -accel kvm -cpu host -m 512M -nodefaults \
    -no-user-config -display none -no-reboot -serial stdio -kernel "$kernel" -append "console=ttyS0 panic=-1" \
    </dev/null 2>/dev/null | grep -q 'Linux version'; then accel=kvm; fi
  echo "$accel $boot" >"$VM/accel"
  say "this machine runs the VM with $accel"
fi

# The rate of the time-stamp counter, which the kernel of an emulated machine cannot measure on a busy host; in kHz, measured once a
# boot. None where this machine does not trust it itself, or has no compiler.
if [ ! "$VM/tsc_khz" -nt "$VM/accel" ]; then
  : >"$VM/tsc_khz"
  counter=$(mktemp -d)
  if grep -qx tsc /sys/devices/system/clocksource/clocksource0/current_clocksource 2>/dev/null &&
    cc -x c -O1 -o "$counter/rate" "$HERE/tsc.c" 2>/dev/null; then
    "$counter/rate" >"$VM/tsc_khz"
  fi
  rm -rf "$counter"
fi

# GStreamer needs seconds under emulation to look at all plugins; it is handed a list made here.
if command -v gst-inspect-1.0 >/dev/null; then
  plugins=$(pkg-config --variable=pluginsdir gstreamer-1.0 2>/dev/null || true)
  list=$VM/gst-registry.bin
  if [ ! -s "$list" ] || { [ -n "$plugins" ] && [ "$plugins" -nt "$list" ]; }; then
    rm -f "$list"
    env -u GST_PLUGIN_PATH -u GST_PLUGIN_SYSTEM_PATH GST_REGISTRY="$list" gst-inspect-1.0 fakesink >/dev/null 2>&1 ||
      say "GStreamer's plugin list could not be made; the guest will look for itself"
    [ ! -e "$list" ] || touch "$list"
  fi
fi
