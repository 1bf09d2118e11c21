#!/bin/bash
# The harness itself: vivid gives frames, and what GStreamer writes to the loopback arrives at a reader.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

load_vivid || die "vivid does not load"
n=$(frames_of "$CAMERA" 5)
if [ "$n" = 5 ]; then pass vivid; else fail "vivid: $n frames of 5"; fi

load_loopback || die "v4l2loopback does not load"
want=$(modinfo -F srcversion "$LENSCAP_LOOPBACK_KO") # 0.12.7 does not tell its version
[ "$(cat /sys/module/v4l2loopback/srcversion)" = "$want" ] || die "another module than $LENSCAP_LOOPBACK was loaded"
gst-launch-1.0 -q videotestsrc is-live=true pattern=ball ! video/x-raw,format=YUY2,width=320,height=240,framerate=30/1 ! \
  v4l2sink sync=false device="$LOOPBACK" >"$WORK/gst.log" 2>&1 &
# Not before: a reader that is there first keeps its writer out (0.15 with exclusive_caps=0).
wait_for 'written $LOOPBACK' 30 && wait_for 'read_frames $LOOPBACK 1 $WORK/first 2' 30 || { cat "$WORK/gst.log"; die "nothing to read from the loopback"; }
read_frames "$LOOPBACK" 10 "$WORK/ten" || note "fewer than 10 frames"
n=$(distinct_frames "$WORK/ten" "$((320 * 240 * 2))")
if [ "$n" -ge 5 ]; then pass loopback; else fail "loopback: $n different frames of 10"; fi
done_testing
