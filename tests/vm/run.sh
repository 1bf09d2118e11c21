#!/bin/bash
# Runs a command as root in a small VM with a real kernel and a real v4l2loopback, as an ordinary user:
#   tests/vm/run.sh [--kernel 6.1|6.12] [--loopback VERSION] [--share DIR] [--limit SECONDS] [--smp N] [--mem SIZE]
#                   [--env NAME=VALUE]... [--console FILE] -- COMMAND [ARGUMENT]...
# The guest sees the host's file system read-only (with a RAM overlay: it may write anywhere, nothing stays) and DIR
# (default: the repository) read-write at the same path. Output, both streams in one, comes live.
# VERSION is 0.12.7, 0.13.2, ..., a prefix such as 0.15, or newest; the default suits the kernel.
# Exit status: the command's; 124 time limit; 125 the guest died; 77 there can be no VM here.
# Environment: LENSCAP_VM_DIR, LENSCAP_VM_ACCEL=kvm|tcg. LENSCAP_*, RUST_LOG, RUST_BACKTRACE and GST_DEBUG are passed on.
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

kernel=6.1 loopback='' share=$REPO limit=300 smp=2 mem=1G console=''
environment=()
while [ $# -gt 0 ]; do
  case $1 in
    --kernel) kernel=$2; shift 2 ;;
    --loopback) loopback=$2; shift 2 ;;
    --share) share=$2; shift 2 ;;
    --limit) limit=$2; shift 2 ;;
    --smp) smp=$2; shift 2 ;;
    --mem) mem=$2; shift 2 ;;
    --env) environment+=("$2"); shift 2 ;;
    --console) console=$2; shift 2 ;;
    --) shift; break ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    -*) die "unknown option $1; see --help" ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || die "no command given; see --help"
case " $KERNELS " in *" $kernel "*) ;; *) die "unknown kernel $kernel; there are: $KERNELS" ;; esac
[ -d "$share" ] || die "no such folder: $share"
share=$(cd "$share" && pwd -P)

"$HERE/prepare.sh"
image=$VM/kernels/$kernel
[ -s "$image/initrd" ] || skip "the archive had no kernel $kernel"
wanted=${loopback:-newest}
loopback=$(resolve_loopback "$wanted")
[ -n "$loopback" ] && [ -s "$VM/modules/$kernel/$loopback/v4l2loopback.ko" ] ||
  skip "no v4l2loopback $wanted for kernel $kernel; there are: $(modules_for "$kernel" | tr '\n' ' ')"

case ${LENSCAP_VM_ACCEL:-$(cut -d' ' -f1 "$VM/accel")} in
  kvm) accel=(-accel kvm -cpu host) ;;
  *) accel=(-accel "tcg,thread=multi,tb-size=256" -cpu max) ;;
esac

# An emulated machine reads its host's time-stamp counter, yet measures a wrong rate where the host is busy, and then falls back
# to a clock that costs a system call and a device's emulation whenever anybody looks at it.
clock=
[ "${accel[1]}" = kvm ] || [ ! -s "$VM/tsc_khz" ] || clock="tsc_early_khz=$(cat "$VM/tsc_khz") tsc=reliable clocksource=tsc"

control=$(mktemp -d "${TMPDIR:-/tmp}/lenscap-vm.XXXXXX")
qemu='' printer=''
# shellcheck disable=SC2317 # reached through the trap
finish() {
  trap - EXIT INT TERM HUP
  [ -z "$qemu" ] || { kill "$qemu" 2>/dev/null && wait "$qemu" 2>/dev/null; }
  exec 3>&-
  [ -z "$printer" ] || wait "$printer" 2>/dev/null
  rm -rf "$control"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

directory=$PWD
case $directory/ in "$share"/*) ;; *) directory=$share ;; esac
{
  printf '%s=%q\n' SHARE "$share" DIRECTORY "$directory" VM_DIR "$VM" KERNEL "$kernel" LENSCAP_LOOPBACK "$loopback"
} >"$control/settings"
{
  while IFS= read -r name; do
    case $name in
      LENSCAP_VM* | LENSCAP_KERNEL | LENSCAP_LOOPBACK* | LENSCAP_GUEST) ;; # the guest's own
      LENSCAP_* | RUST_LOG | RUST_BACKTRACE | GST_DEBUG) printf 'export %s=%q\n' "$name" "${!name}" ;;
    esac
  done < <(compgen -e)
  for e in ${environment[@]+"${environment[@]}"}; do printf 'export %s=%q\n' "${e%%=*}" "${e#*=}"; done
  printf 'exec'; printf ' %q' "$@"; echo
} >"$control/command"
cp "$HERE/guest-init" "$control/init"
cp "$HERE/guest.sh" "$control/guest.sh"

# QEMU opens its standard output a second time, which truncates a file: through a pipe.
exec 3> >(exec cat)
printer=$!
# The kernel's watchdogs are off: on a busy host an emulated machine stands still for seconds, which is no fault.
# With run.sh gone, however it went, QEMU goes as well.
setpriv --pdeathsig TERM timeout --kill-after=5 "$limit" setpriv --pdeathsig KILL qemu-system-x86_64 \
  -machine q35 "${accel[@]}" -smp "$smp" -m "$mem" -nodefaults -no-user-config -display none -no-reboot \
  -kernel "$image/vmlinux" -initrd "$image/initrd" -serial "file:$control/console" \
  -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr audit=0 random.trust_cpu=on $clock cryptomgr.notests no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 workqueue.watchdog_thresh=0" \
  -chardev file,id=out,path=/proc/self/fd/1 -device virtio-serial-pci -device virtserialport,chardev=out,name=out \
  -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=root,mount_tag=root \
  -fsdev "local,id=share,path=${share//,/,,},security_model=none,multidevs=remap" -device virtio-9p-pci,fsdev=share,mount_tag=share \
  -fsdev "local,id=control,path=$control,security_model=none" -device virtio-9p-pci,fsdev=control,mount_tag=control \
  -device virtio-rng-pci </dev/null >&3 2>"$control/qemu" &
qemu=$!
exec 3>&-
rc=0
wait "$qemu" || rc=$?
qemu=
wait "$printer" 2>/dev/null || true
printer=
[ -z "$console" ] || cat "$control/console" "$control/dmesg" >"$console" 2>/dev/null || true
# vivid computes a negative sleep on a machine that is late; that trace is not about anything of ours.
complaint=$(sed '/schedule_timeout: wrong timeout value/,/<\/TASK>/d' "$control/console" "$control/dmesg" 2>/dev/null |
  grep -aE -B2 'BUG:|Oops|general protection|Call Trace|Kernel panic|kernel BUG' | head -n 8) || true
[ -z "$complaint" ] || printf 'vm: the kernel complained:\n%s\n' "$complaint" >&2
[ -s "$control/status" ] && exit "$(cat "$control/status")"
case $rc in
  124 | 137) say "time limit of $limit s reached"; exit 124 ;;
esac
say "the guest ended without a word (QEMU exit status $rc)"
cat "$control/qemu" >&2
tail -n 20 "$control/console" >&2 2>/dev/null || true
exit 125
