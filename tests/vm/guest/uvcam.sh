#!/bin/bash
# limit: 300
# The USB camera made of software, alone: the real uvcvideo lists what it offers and brings its pictures, in order and one by one.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

only_when "$EXCLUSIVE_CAPS$LENSCAP_KERNEL" = 16.1
module_at_least 0.15 || exit 78
[ -x "$BIN/uvcam" ] || { echo "tests/fixtures/uvcam was not built"; exit 77; }

# tell NAME ORDER: gives the order and waits until it was taken.
tell() {
  local before
  before=$(grep -c "ORDER $2\$" "$WORK/$1.log")
  echo "$2" >"$WORK/$1.ctl"
  wait_for '[ "$(grep -c "ORDER '"$2"'$" $WORK/'"$1"'.log)" -gt '"$before"' ]' 5
}
# numbers SIZE FORMAT RATE COUNT: what the numbers of so many frames tell.
numbers() {
  v4l2-ctl -d "$CAMERA" --set-fmt-video=width="${1%x*}",height="${1#*x}",pixelformat="$2" --set-parm="$3" >/dev/null
  timeout -k 1 30 v4l2-ctl -d "$CAMERA" --stream-mmap=8 --stream-count="$4" --stream-to="$WORK/frames" >/dev/null 2>&1
  if [ "$2" = MJPG ]; then
    ffmpeg -nostdin -v error -y -f mjpeg -i "$WORK/frames" -fps_mode passthrough -pix_fmt yuyv422 -f rawvideo "$WORK/raw" || return
    mv "$WORK/raw" "$WORK/frames"
  fi
  "$BIN/uvcam" numbers "$1" <"$WORK/frames"
}
# in_order NAME SIZE FORMAT RATE COUNT: as many frames as asked for come; none twice, none before another. An emulated machine
# may lose some; how many is told.
in_order() {
  local found
  found=$(numbers "${@:2}")
  note "$1: $found"
  case $found in
    "$5 frames,"*" 0 repeated, 0 out of order, 0 without a number") pass "$1" ;;
    *) fail "$1: $found" ;;
  esac
}
# on_and_off NAME TRANSPORT: what the last stream was switched on and off by.
on_and_off() {
  local found want='SET_INTERFACE SET_INTERFACE'
  [ "$2" = isoc ] || want='COMMIT CLEAR_HALT'
  found=$(sed -n 's/.* STREAM o[nf]* by=\([A-Z_]*\).*/\1/p' "$WORK/$1.log" | tail -n 2 | xargs)
  if [ "$found" = "$want" ]; then pass "$2-wire"; else fail "$2-wire: on and off by $found"; fi
}

# What the program says of the camera, without switching it on: its modes and knobs, and that a knob is turned.
export XDG_RUNTIME_DIR=$WORK/run XDG_CONFIG_HOME=$WORK/config LC_ALL=C.UTF-8
mkdir -p "$XDG_RUNTIME_DIR"
listed() {
  local source=v4l2:$CAMERA found
  "$BIN/lenscap" cameras --json >"$WORK/cameras.json"
  found=$(/usr/bin/python3 -c 'import json,sys
cameras = [c for c in json.load(open(sys.argv[1]))["cameras"] if c["source"] == sys.argv[2]]
print(*sorted("%s %dx%d %s" % (f["fourcc"], s["width"], s["height"], ",".join("%g" % r for r in s["rates"]))
              for c in cameras for f in c["formats"] for s in f["sizes"]), sep="; ")' "$WORK/cameras.json" "$source")
  if [[ $(tr ';' '\n' <<<"$found" | wc -l) = 7 && $found == *"YUYV 640x480 30,15,5"* && $found == *"MJPG 1920x1080"* ]]; then
    pass "$1-listed"
  else
    fail "$1-listed: $found"
  fi
  found=$("$BIN/lenscap" controls --source "$source" --json | /usr/bin/python3 -c 'import json,sys
print(len(json.load(sys.stdin)["controls"]))')
  if [ "$found" = "$(v4l2-ctl -d "$CAMERA" -L | grep -cE ' 0x00[0-9a-f]{6} \(')" ]; then pass "$1-knobs"; else fail "$1-knobs: $found"; fi
  "$BIN/lenscap" controls --source "$source" set brightness 33 >/dev/null
  found=$(v4l2-ctl -d "$CAMERA" -C brightness)
  if [ "$found" = "brightness: 33" ]; then pass "$1-turned"; else fail "$1-turned: $found"; fi
  found=$("$BIN/lenscap" controls --source "$source" set brightness 5000 2>&1) && fail "$1-beyond: taken" || pass "$1-beyond"
  "$BIN/lenscap" controls --source "$source" reset brightness >/dev/null
}

for transport in isoc bulk; do
  plug_uvcam $transport --$transport || die "the camera ($transport) does not appear"
  sizes=$(v4l2-ctl -d "$CAMERA" --list-formats-ext | grep -c 'Size: Discrete')
  if [ "$sizes" = 7 ]; then pass $transport-modes; else fail "$transport-modes: $sizes of 7"; fi
  controls=$(v4l2-ctl -d "$CAMERA" -L | grep -cE ' 0x00[0-9a-f]{6} \(')
  if [ "$controls" = 18 ]; then pass $transport-controls; else fail "$transport-controls: $controls of 18"; fi
  listed $transport
  if grep -q 'STREAM on' "$WORK/$transport.log"; then fail "$transport-off: looking at it switched it on"; else pass $transport-off; fi
  in_order $transport-yuyv 320x240 YUYV 15 30
  on_and_off $transport $transport
  in_order $transport-mjpg 640x480 MJPG 15 30

  # A control changes pixels, and what the camera itself changes is seen.
  numbers 320x240 YUYV 15 2 >/dev/null
  dark=$(head -c 65536 "$WORK/frames" | tail -c 50000 | md5sum)
  v4l2-ctl -d "$CAMERA" --set-ctrl=brightness=40
  numbers 320x240 YUYV 15 2 >/dev/null
  light=$(head -c 65536 "$WORK/frames" | tail -c 50000 | md5sum)
  if [ "$dark" != "$light" ]; then pass $transport-brightness; else fail "$transport-brightness: the picture stays as it was"; fi
  tell $transport "privacy 1"
  if wait_for 'v4l2-ctl -d $CAMERA -C privacy | grep -q 1' 5; then pass $transport-privacy; else fail "$transport-privacy: not seen"; fi

  # Faults.
  tell $transport "stall-commit 1"
  numbers 320x240 YUYV 15 1 >/dev/null
  if grep -q 'COMMIT 320x240 stalled' "$WORK/$transport.log"; then pass $transport-stall; else fail "$transport-stall: it did not"; fi
  tell $transport "stall-commit 0"
  tell $transport "err 3"
  # The driver drops bad frames: the camera has sent these three and five more.
  in_order $transport-errors 320x240 YUYV 15 5
  sent=$(sed -n 's/.*STREAM off.* frames=\([0-9]*\).*/\1/p' "$WORK/$transport.log" | tail -n 1)
  if [ "$sent" -ge 8 ]; then pass $transport-bad-frames; else fail "$transport-bad-frames: 5 of $sent frames came"; fi
  tell $transport unplug
  if wait_for '! [ -e $CAMERA ]' 10; then pass $transport-unplug; else fail "$transport-unplug: the node stays"; fi
  tell $transport replug
  wait_for '[ -c $CAMERA ]' 10 && udevadm settle -t 10
  in_order $transport-replug 320x240 YUYV 15 5
done
done_testing
