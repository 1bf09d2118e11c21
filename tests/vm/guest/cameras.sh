#!/bin/bash
# limit: 300
# `lenscap cameras` against the kernel's test cameras: what v4l2-ctl lists of them, single- and multi-planar, webcam and
# HDMI input; two identical ones; one that is gone; one without permission; one that is on; one that comes back. Once.
# shellcheck disable=SC2015,SC2016 # conditions for wait_for
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"
only_when "$EXCLUSIVE_CAPS$LENSCAP_KERNEL" = "1${LENSCAP_CAMERAS_KERNEL:-6.12}"

export XDG_RUNTIME_DIR=$WORK/run XDG_CONFIG_HOME=$WORK/config XDG_STATE_HOME=$WORK/state LC_ALL=C.UTF-8
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/lenscap"
settings() { printf '[camera]\nsource = "%s"\n' "$1" >"$XDG_CONFIG_HOME/lenscap/config.toml"; }
cameras() { "$BIN/lenscap" cameras "$@"; }
# field EXPRESSION [FILE]: of the list as JSON, as `j`; c is its first camera.
field() { /usr/bin/python3 -c "import json,sys; j=json.load(open(sys.argv[1])); c=(j['cameras'] or [None])[0]; print($1)" "${2:-$WORK/list.json}"; }
list() { cameras --json >"$WORK/list.json" 2>"$WORK/list.err"; }
# vivid OPTION...: freshly loaded, from /dev/video20 on.
vivid() {
  [ ! -d /sys/module/vivid ] || wait_for 'rmmod vivid' 10 || return
  modprobe vivid node_types=0x1,0x1 num_inputs=1,1 vid_cap_nr=20,21 "$@" && ready /dev/video20
}

# Both lists as lines "FOURCC SIZE FPS...", whitespace in codes taken out.
theirs() {
  v4l2-ctl -d "$1" --list-formats-ext | awk '
    /^[ \t]*\[[0-9]+\]:/ { split($0, part, "\047"); code = part[2]; gsub(/ /, "", code); next }
    /Size: Discrete/ { size = $3; next }
    # Of a range of sizes v4l2-ctl asks for no rates.
    /Size: (Stepwise|Continuous)/ { print code, $3 "-" $5, "range"; next }
    /Interval: Discrete/ { rate = $4; sub(/^\(/, "", rate); print code, size, rate; seen[code size] = 1; next }
    /Interval: / { print code, size, "range" }
  ' | sort -u
}
ours() {
  /usr/bin/python3 - "$WORK/list.json" "$1" <<'PYTHON' | sort -u
import json, sys
camera = next(c for c in json.load(open(sys.argv[1]))["cameras"] if c["node"] == sys.argv[2])
for f in camera["formats"]:
    for s in f["sizes"]:
        size = (f'{s["width"]}x{s["height"]}' if "width" in s else
                f'{s["min_width"]}x{s["min_height"]}-{s["max_width"]}x{s["max_height"]}')
        rates = s["rates"] if "width" in s else None
        for rate in rates if isinstance(rates, list) else ["range"]:
            print(f["fourcc"].replace(" ", ""), size, rate if rate == "range" else f"{rate:.3f}")
PYTHON
}
formats_of_theirs() { v4l2-ctl -d "$1" --list-formats | sed -n "s/^[ \t]*\[[0-9]*\]: '\(.*\)' .*/\1/p" | tr -d ' ' | sort; }
formats_of_ours() { field "'\n'.join(f['fourcc'].replace(' ','') for c in j['cameras'] if c['node']=='$1' for f in c['formats'])" | sort; }

settings auto
for planes in 1 2; do
  for input in 0 3; do
    name="planes=$planes,input=$([ $input = 0 ] && echo webcam || echo hdmi)"
    vivid n_devs=1 input_types=$input multiplanar=$planes || { fail "$name: vivid does not load"; continue; }
    list || { fail "$name: $(cat "$WORK/list.err")"; continue; }
    diff <(formats_of_theirs /dev/video20) <(formats_of_ours /dev/video20) >"$WORK/diff" &&
      [ "$(formats_of_ours /dev/video20 | wc -l)" -gt 30 ] || { fail "$name,formats: $(head -n3 "$WORK/diff" | tr '\n' ' ')"; continue; }
    theirs /dev/video20 >"$WORK/theirs"; ours /dev/video20 >"$WORK/ours"
    diff "$WORK/theirs" "$WORK/ours" >"$WORK/diff" || { fail "$name: $(head -n4 "$WORK/diff" | tr '\n' ' ')"; continue; }
    [ $input = 3 ] || [ "$(wc -l <"$WORK/ours")" -gt 100 ] || { fail "$name: only $(wc -l <"$WORK/ours") modes"; continue; }
    pass "$name"
  done
done

vivid n_devs=1 input_types=0 && list
if [ "$(field "c['native']")" = "{'width': 3840, 'height': 2160}" ]; then pass native; else fail "native: $(field "c['native']")"; fi
if [ "$(field "(j['source'], j['chosen']==c['id'], c['chosen'], c['present'])")" = "('auto', True, True, True)" ]; then pass auto; else fail "auto: $(field j)"; fi
cameras | sed 's/^/# /' | cut -c1-120 | head -n 30
settings v4l2:/dev/video20; list
if [ "$(field "(c['chosen'], c['source']!='v4l2:/dev/video20' or c['source'])")" = "(True, True)" ]; then pass by_number_is_that_camera; else fail "by_number_is_that_camera: $(field "c['source']")"; fi

load_loopback 1 8 Lenscap; list
if [ "$(field "[c['node'] for c in j['cameras']]")" = "['/dev/video20']" ]; then pass no_loopback; else fail "no_loopback: $(field "[c['node'] for c in j['cameras']]")"; fi

settings v4l2:/dev/v4l/by-id/usb-Maker_Cam_1-video-index0; list
if [ "$(field "[(c['name'],c['present']) for c in j['cameras'] if c['chosen']]")" = "[('Maker Cam 1', False)]" ] &&
  cameras | grep -q 'Maker Cam 1 (missing)'; then pass missing; else fail "missing: $(field "j['cameras']")"; fi

settings auto
if command -v setpriv >/dev/null; then
  mkdir -p "$WORK/nobody"; chmod 777 "$WORK/nobody"; chmod 755 "$WORK"
  XDG_RUNTIME_DIR=$WORK/nobody HOME=$WORK/nobody XDG_CONFIG_HOME=$WORK/nobody setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$BIN/lenscap" cameras --json >"$WORK/nobody.json" 2>&1
  said=$(field "c['problem']" "$WORK/nobody.json" 2>&1)
  if [[ $said == *"No permission to open /dev/video20"*"usermod -aG video"* ]]; then pass no_permission; else fail "no_permission: $said"; fi
else
  skip "no_permission: setpriv is not installed"
fi

vivid n_devs=2 input_types=0,0 && ready /dev/video21 && list
if [ "$(field "(len(j['cameras']), len({c['id'] for c in j['cameras']}), len({c['source'] for c in j['cameras']}))")" = "(2, 2, 2)" ]; then
  pass two_identical
else
  fail "two_identical: $(field "[(c['id'],c['source']) for c in j['cameras']]")"
fi

# On: nothing is opened.
vivid n_devs=1 input_types=0 && list
source=$(field "c['source']")
"$BIN/lenscap" run --headless --events --source "$source" -d "$LOOPBACK" -w 640 -H 360 -f 15 -c 0 >"$WORK/events" 2>"$WORK/relay.err" &
relay=$!
wait_for 'grep -q "\"state\":\"idle\"" $WORK/events' 30 || fail "relay: $(tail -n1 "$WORK/relay.err")"
v4l2-ctl -d "$LOOPBACK" --stream-mmap --stream-count=100000 >/dev/null 2>&1 &
client=$!
if wait_for 'grep -q "\"state\":\"live\"" $WORK/events' 60; then
  list
  if [ "$(field "(j['modes_read'], c['formats'], len(j['cameras']))")" = "(False, None, 1)" ]; then pass not_read_while_on; else fail "not_read_while_on: $(field j)"; fi
else
  fail "not_read_while_on: $(tail -n1 "$WORK/events") $(tail -n1 "$WORK/relay.err")"
fi
kill $client; wait $client 2>/dev/null
wait_for 'tail -n1 $WORK/events | grep -q "\"state\":\"idle\""' 30

# Gone, given up, and back: without a new client, and nobody asks.
wait_for 'rmmod vivid' 20 || fail "back: vivid is still in use"
: >"$WORK/events"
v4l2-ctl -d "$LOOPBACK" --stream-mmap --stream-count=100000 >/dev/null 2>&1 &
client=$!
tries() { grep -c '"state":"starting"' "$WORK/events"; }
if wait_for '[ "$(tries)" -ge 6 ] && tail -n1 $WORK/events | grep -q "\"state\":\"failed\""' 90; then
  note "gave up after $(tries) tries: $(tail -n1 "$WORK/events" | cut -c1-200)"
  vivid n_devs=1 input_types=0
  if wait_for 'tail -n1 $WORK/events | grep -q "\"state\":\"live\""' 60 && kill -0 $client; then pass back; else fail "back: $(tail -n1 "$WORK/events")"; fi
else
  fail "back: $(tries) tries, $(tail -n1 "$WORK/events") $(tail -n2 "$WORK/relay.err")"
fi
kill $client $relay; wait $client $relay 2>/dev/null

# A capture card at which nothing arrives says so, and goes on by itself when something does.
wait_for 'rmmod vivid' 20; vivid n_devs=1 input_types=3
signal() { v4l2-ctl -d /dev/video20 --set-ctrl=dv_timings_signal_mode="$1"; }
signal 1
: >"$WORK/events"
"$BIN/lenscap" run --headless --events --source v4l2:/dev/video20 -d "$LOOPBACK" -w 640 -H 480 -f 15 -c 0 >"$WORK/events" 2>"$WORK/relay.err" &
relay=$!
wait_for 'grep -q "\"state\":\"idle\"" $WORK/events' 30 || fail "relay: $(tail -n1 "$WORK/relay.err")"
v4l2-ctl -d "$LOOPBACK" --stream-mmap --stream-count=100000 >/dev/null 2>&1 &
client=$!
if wait_for 'grep "\"state\":\"failed\"" $WORK/events | grep -q "no signal at its input HDMI"' 60; then
  pass no_signal; signal 0
  if wait_for 'tail -n1 $WORK/events | grep -q "\"state\":\"live\""' 60; then pass signal_comes; else fail "signal_comes: $(tail -n1 "$WORK/events")"; fi
else
  fail "no_signal: $(tail -n1 "$WORK/events") $(tail -n2 "$WORK/relay.err")"
fi
kill $client $relay; wait $client $relay 2>/dev/null
done_testing
