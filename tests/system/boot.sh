#!/bin/bash
# One boot of the Debian under target/system, until its job is through:
#   tests/system/boot.sh [--limit SECONDS] [--files DIR] DISK JOB [ARGUMENT]...
# DISK has what was written in the boots before; it is made where it is not there. JOB is a script for the guest, with the functions of
# jobs/lib.sh; it sees DIR as /run/lenscap-test/files, and may write there. Its output comes live.
# Exit status: the job's; 124 time limit; 125 the machine ended without a word.
set -euo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
limit=600 files=''
while [ $# -gt 0 ]; do
  case $1 in
    --limit) limit=$2; shift 2 ;;
    --files) files=$2; shift 2 ;;
    *) break ;;
  esac
done
disk=$1 job=$2
shift 2
[ -e "$disk" ] || { truncate -s 3G "$disk"; mkfs.ext4 -q -F -O ^has_journal -E lazy_itable_init=1 "$disk"; }

control=$(mktemp -d "${TMPDIR:-/tmp}/lenscap-system.XXXXXX")
qemu='' printer=''
# shellcheck disable=SC2317 # reached through the trap
finish() {
  trap - EXIT INT TERM HUP
  [ -z "$qemu" ] || { kill "$qemu" 2>/dev/null && wait "$qemu" 2>/dev/null; }
  [ -z "$printer" ] || { kill "$printer" 2>/dev/null && wait "$printer" 2>/dev/null; }
  rm -rf "$control"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
{
  cat "$REPO/tests/system/jobs/lib.sh"
  printf 'set --'
  printf ' %q' "$@"
  echo
  cat "$job"
} >"$control/job"
mkdir "$control/files"
# Users of the guest read it, too.
chmod 755 "$control" "$control/files"
[ -z "$files" ] || cp -a "$files/." "$control/files/"
: >"$control/out"

case ${LENSCAP_VM_ACCEL:-$(cut -d' ' -f1 "$VM/accel")} in
  kvm) accel=(-accel kvm -cpu host) ;;
  *) accel=(-accel "tcg,thread=multi,tb-size=256" -cpu max) ;;
esac
clock=
[ "${accel[1]}" = kvm ] || [ ! -s "$VM/tsc_khz" ] || clock="tsc_early_khz=$(cat "$VM/tsc_khz") tsc=reliable clocksource=tsc"
setpriv --pdeathsig TERM timeout --kill-after=5 "$limit" setpriv --pdeathsig KILL qemu-system-x86_64 \
  -machine q35 "${accel[@]}" -smp 2 -m 1536M -nodefaults -no-user-config -display none -no-reboot \
  -kernel "$VM/kernels/$KERNEL/vmlinux" -initrd "$SYSTEM/initrd" -serial "file:$control/console" \
  -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr audit=0 random.trust_cpu=on $clock cryptomgr.notests no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 workqueue.watchdog_thresh=0 systemd.unit=multi-user.target systemd.show_status=0" \
  -drive "file=$disk,format=raw,if=virtio,cache=unsafe" \
  -fsdev "local,id=root,path=$SYSTEM/root,security_model=none,readonly=on,multidevs=remap" -device virtio-9p-pci,fsdev=root,mount_tag=root \
  -fsdev "local,id=control,path=$control,security_model=none" -device virtio-9p-pci,fsdev=control,mount_tag=control \
  -device virtio-rng-pci </dev/null >/dev/null 2>"$control/qemu" &
qemu=$!
tail -n +1 -f --pid=$qemu "$control/out" 2>/dev/null &
printer=$!
rc=0
wait "$qemu" || rc=$?
qemu=
wait "$printer" 2>/dev/null || true
printer=
if [ -n "$files" ]; then cp -a "$control/files/." "$files/"; fi
cp "$control/console" "$SYSTEM/console.log" 2>/dev/null || true
[ -s "$control/status" ] && exit "$(cat "$control/status")"
case $rc in 124 | 137) say "time limit of $limit s reached"; exit 124 ;; esac
say "the machine ended without a word (QEMU exit status $rc)"
cat "$control/qemu" >&2
tail -n 20 "$control/console" >&2 2>/dev/null || true
exit 125
