#!/bin/bash
# The guest's part of demo.sh: demo.sh OUT [OPTION OF LENSCAP]...   Leaves OUT/{before,during,after}.yuy2, raw 640x480 frames.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"
out=$1
shift
frame=$((640 * 480 * 2))

load_vivid 20 || die "the test camera (vivid) does not load"
load_loopback 1 8 Lenscap 30 || die "v4l2loopback does not load"
note "camera $CAMERA (vivid), loopback $LOOPBACK (v4l2loopback $LENSCAP_LOOPBACK), kernel $(uname -r)"

events=/tmp/events
mkfifo /tmp/lines
tee $events </tmp/lines &
"$BIN/lenscap" run --headless --source v4l2:"$CAMERA" --device "$LOOPBACK" -w 640 -H 480 -f 25 --cooldown-ms 1000 \
  --events "$@" >/tmp/lines &
relay=$!
# state NAME [SECONDS]: the newest event says so.
state() { wait_for "! kill -0 $relay || tail -n1 $events | grep -q '\"state\":\"$1\"'" "${2:-20}" && kill -0 $relay 2>/dev/null; }

state idle || die "the relay did not come up"
# The cards have no words before.
wait_for '! pgrep -x lenscap-cards >/dev/null' 30 || die "the cards are not drawn"
note "a client starts to stream: v4l2-ctl --stream-mmap"
v4l2-ctl -d "$LOOPBACK" --stream-mmap --stream-count=400 --stream-to=/tmp/frames >/dev/null 2>&1 &
client=$!
wait_for "[ \$(stat -c %s /tmp/frames) -ge $frame ]" 20 || die "no frame came"
head -c $frame /tmp/frames >"$out/before.yuy2"
state live 30 || die "the camera did not start"
n=$(stat -c %s /tmp/frames)
wait_for "[ \$(stat -c %s /tmp/frames) -ge $((n + 30 * frame)) ]" 30 || die "the pictures stopped"
kill $client; wait $client 2>/dev/null
n=$(($(stat -c %s /tmp/frames) / frame))
tail -c +$(((n - 1) * frame + 1)) /tmp/frames | head -c $frame >"$out/during.yuy2"
note "the client has ended; the camera goes off when the cooldown is over"
state idle 20 || die "the camera did not go off"
read_frames "$LOOPBACK" 1 /tmp/after 20 || die "no frame after the call"
head -c $frame /tmp/after >"$out/after.yuy2"
note "ending the relay"
kill -TERM $relay
wait $relay || die "the relay ended with status $?"
