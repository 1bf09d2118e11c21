#!/bin/bash
# What ./run does once the system has what it takes: Lenscap for this machine's camera, with its icon where there is a desktop.
# Without a loopback node or a camera, the same thing inside the VM. Arguments are those of `lenscap run`.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

# Attributes that only v4l2loopback's devices have; a camera is a device that hangs on real hardware.
loopback_node() {
  local d
  for d in /sys/devices/virtual/video4linux/video*; do
    if [ -e "$d/max_openers" ] || [ -e "$d/state" ]; then basename "$d"; return; fi
  done
  return 1
}
camera() {
  local d
  for d in /sys/class/video4linux/video*; do
    [ -e "$d" ] || continue
    case $(readlink -f "$d") in */devices/virtual/*) ;; *) basename "$d"; return ;; esac
  done
  return 1
}

why=
loopback_node >/dev/null || why="no v4l2loopback node"
camera >/dev/null || why="${why:+$why and }no camera"
if [ -z "$why" ]; then
  scripts/build.sh --quiet
  if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then exec "${CARGO_TARGET_DIR:-target}/release/lenscap" "$@"; fi
  exec "${CARGO_TARGET_DIR:-target}/release/lenscap" run --headless --events "$@"
fi
echo "This machine has $why; here is the same in a virtual machine, with a test camera and the real module."
echo "(With a camera of your own: sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap)"
scripts/deps.sh test
cargo build --locked --quiet
exec tests/vm/demo.sh "$@"
