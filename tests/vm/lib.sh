# shellcheck shell=bash
# Shared by the host's side of the VM harness; sourced, not run.
#
# Everything that the harness makes lies under $VM (target/vm, or LENSCAP_VM_DIR to share one between checkouts):
#   debs/ cache of downloaded packages            kernels/K/{root,release,vmlinux,initrd}  K = 6.1, 6.12
#   VERSIONS what the names resolved to           modules/K/V/v4l2loopback.ko              V = 0.12.7, ...
#   gst-registry.bin GStreamer's plugin list      .lock  one preparation at a time
#   accel kvm or tcg, of this boot               tsc_khz the rate of its time-stamp counter

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
REPO=$(cd "$HERE/../.." && pwd -P)
VM=${LENSCAP_VM_DIR:-$REPO/target/vm}
mkdir -p "$VM"
VM=$(cd "$VM" && pwd -P)
# used by the scripts that source this file
export HERE REPO VM

# Kernel lines that the harness knows, oldest first.
export KERNELS="6.1 6.12"

TIER=vm
# shellcheck source=tests/lib.sh
. "$REPO/tests/lib.sh"

# loopbacks: the module versions that were fetched, oldest first.
loopbacks() { awk '$1=="loopback"{print $2}' "$VM/VERSIONS" 2>/dev/null | sort -V; }

# resolve_loopback NAME: a full version for an exact version, a prefix (0.15 is the newest of them) or "newest".
resolve_loopback() {
  if [ "$1" = newest ]; then loopbacks | tail -n1; return; fi
  loopbacks | awk -v p="$1" '$0==p || index($0, p ".")==1' | tail -n1
}

# modules_for KERNEL: module versions that are built for it. The older ones do not compile on 6.12.
modules_for() {
  case $1 in
    6.1) loopbacks ;;
    *) loopbacks | awk -F. '$1>0 || $2>=15' ;;
  esac
}
