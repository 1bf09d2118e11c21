# shellcheck shell=bash
# Helpers for programs that run in the guest:  . "$LENSCAP_GUEST"
#
# A script tests/vm/guest/*.sh is a test; the table tests/vm/suite says in which cells it runs and for how long at most. It
# reports with pass, fail and skip, one line a check; one that prints none of these is itself the check: exit status 0 passed,
# 77 skipped, else failed, the last line says why. Modules are unloaded and leftover processes killed after it.
#
# Set by the harness: LENSCAP_KERNEL (6.1), LENSCAP_LOOPBACK (0.15.0), LENSCAP_LOOPBACK_KO, EXCLUSIVE_CAPS (0 or 1),
# REPO, BIN (where the binaries are, in memory once they were read), WORK (an empty folder in RAM).

BIN=${BIN:-$PWD/target/debug}
WORK=${WORK:-/tmp}
export BIN WORK

note() { echo "# $*"; }
pass() { echo "PASS $*"; }
fail() { echo "FAIL $*"; FAILED=1; }   # fail NAME: WHY
skip() { echo "SKIP $*"; }             # skip NAME: WHY
# The last line of a test with pass and fail lines.
done_testing() { exit "${FAILED:-0}"; }
# die WHY: the whole test fails here.
die() { echo "$*"; exit 1; }

# wait_for CONDITION SECONDS: evaluates CONDITION until it holds; false when it did not within SECONDS.
wait_for() {
  local end=$((SECONDS + ${2:-10}))
  until eval "$1" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { note "waited ${2:-10} s in vain for: $1"; return 1; }
    sleep 0.05
  done
}

# check NAME COMMAND...: passes when the command does; its last line is the reason when it does not.
check() {
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then pass "$name"; else fail "$name: $(tail -n1 <<<"$out")"; fi
}

# load_loopback [EXCLUSIVE_CAPS] [MAX_BUFFERS] [LABEL] [VIDEO_NR]: (re)loads the module with one device; LOOPBACK is its node.
load_loopback() {
  unload_loopback || return
  LOOPBACK=/dev/video${4:-30}
  rm -f "$LOOPBACK" # one made by hand, with mknod, outlives its device
  modprobe v4l2loopback video_nr="${4:-30}" exclusive_caps="${1:-${EXCLUSIVE_CAPS:-0}}" max_buffers="${2:-8}" \
    card_label="\"${3:-Lenscap}\"" || return
  ready "$LOOPBACK"
}
unload_loopback() {
  [ ! -d /sys/module/v4l2loopback ] && return
  wait_for 'rmmod v4l2loopback' 10
}

# load_vivid [VIDEO_NR]: one webcam-like test camera (640x480 at up to 25 frames a second); CAMERA is its node.
load_vivid() {
  [ ! -d /sys/module/vivid ] || wait_for 'rmmod vivid' 10 || return
  CAMERA=/dev/video${1:-20}
  modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0 vid_cap_nr="${1:-20}" || return
  ready "$CAMERA" || return
  # No text in the picture: cheaper. The bars move, so that a frame can be told from the one before.
  v4l2-ctl -d "$CAMERA" --set-ctrl=osd_text_mode=2,horizontal_movement=5 >/dev/null
}
# load_both: vivid and the loopback as the tests of the relay want them.
load_both() { NOT_SETTLED=1 load_vivid 20 && load_loopback "$EXCLUSIVE_CAPS" 8 Lenscap; }
# load_uvcam: what USB cameras made of software (tests/fixtures/uvcam) need.
load_uvcam() { modprobe -a uvcvideo vhci-hcd; }
load_usb() { load_uvcam && load_loopback; }
load_usb_vivid() { load_usb && load_vivid; }
# load_none: a script that loads what it needs.
load_none() { :; }
# plug_uvcam NAME [OPTION]...: plugs one in, "NAME Cam" with the serial number NAME. CAMERA is its node, UVCAM its process,
# $WORK/NAME.log what it was asked on the wire and when, $WORK/NAME.ctl the FIFO for orders (uvcam/src/order.rs).
plug_uvcam() {
  local name=$1
  shift
  load_uvcam || return
  CAMERA=/dev/v4l/by-id/usb-Relay_Test_Bench_${name}_Cam_$name-video-index0
  "$BIN/uvcam" --product "$name Cam" --serial "$name" --log "$WORK/$name.log" --ctl "$WORK/$name.ctl" "$@" &
  export UVCAM=$!
  wait_for '[ -c "$CAMERA" ]' 20 && udevadm settle -t 10
}
# ready NODE: the node is there and udev is through with it (group video, links); with NOT_SETTLED=1 perhaps not yet, where
# more is to come.
ready() { wait_for "[ -c $1 ]" 10 && { [ -n "${NOT_SETTLED:-}" ] || udevadm settle -t 10; }; }

# written NODE: a writer streams into it.
written() {
  local attributes=/sys/class/video4linux/${1##*/}
  # 0.12 has no state, and a format only then.
  if [ -e "$attributes/state" ]; then grep -q capture "$attributes/state"; else grep -q . "$attributes/format"; fi
}
# read_frames NODE COUNT FILE [SECONDS]: raw frames, as v4l2-ctl streams them, into FILE; false unless all came (its
# own exit status is 0 even where STREAMON failed).
read_frames() {
  rm -f "$3"
  timeout -k 1 "${4:-20}" v4l2-ctl -d "$1" --stream-mmap --stream-count="$2" --stream-to="$3" >/dev/null 2>&1
  [ "$(stat -c %s "$3" 2>/dev/null || echo 0)" -ge $(($2 * $(frame_bytes "$1"))) ] && [ -s "$3" ]
}
# frame_bytes NODE: the size of a frame as the driver says.
frame_bytes() { v4l2-ctl -d "$1" --get-fmt-video | awk -F: '/Size Image/ {print $2+0; exit}'; }
# frames_of NODE COUNT [SECONDS]: how many frames came.
frames_of() {
  local f=$WORK/frames.$BASHPID size
  read_frames "$1" "$2" "$f" "${3:-20}"
  size=$(frame_bytes "$1")
  echo $(($(stat -c %s "$f" 2>/dev/null || echo 0) / (size > 0 ? size : 1)))
  rm -f "$f"
}
# distinct_frames FILE SIZE: how many different pictures a file of raw frames holds.
distinct_frames() {
  split -b "$2" --filter='md5sum' "$1" | sort -u | wc -l
}
