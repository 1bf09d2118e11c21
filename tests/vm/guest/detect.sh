#!/bin/bash
# The detector against the real module: who has the node open, who streams, and what a lost event leaves behind.
# limit: 240
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

# exclusive_caps changes nothing of what the detector looks at.
only_when "$EXCLUSIVE_CAPS" = 1
DETECT=$BIN/examples/detect
[ -x "$DETECT" ] || die "no $DETECT: cargo build --examples"
load_loopback || die "v4l2loopback does not load"
LOG=$WORK/detect.log
FRAME=$((320 * 240 * 2))
# A holder is named when it opens; until something else happens, what it executes then is not looked at.
SHELL_OR_SLEEP="(bash|sleep)"

# watch [PREFIX...]: starts the relay's part: the node's writer and the detector in one process. WATCHER is its pid.
watch() {
  : >"$LOG"
  mkfifo "$WORK/input.$((++n))"
  "$@" "$DETECT" --write --lose "$WORK/lose" "$LOOPBACK" <"$WORK/input.$n" >"$LOG" 2>&1 &
  WATCHER=$!
  exec 7>"$WORK/input.$n"
  wait_for 'grep -q ^watching $LOG && streaming $LOOPBACK' 20 || { cat "$LOG"; die "the watcher does not start"; }
  # What looking whether it streams brought must be over.
  wait_for '! grep -q clients: $LOG || tail -n1 $LOG | grep -q "clients: none"' 10
}
end_watch() { exec 7>&-; wait $WATCHER; sed 's/^/# /' "$LOG"; }
# shows PATTERN SECONDS: the newest line matches.
shows() { wait_for "tail -n1 $LOG | grep -qE '$1'" "$2"; }
expect() { # expect NAME PATTERN [SECONDS]
  if shows "$2" "${3:-10}"; then pass "$1"; else fail "$1: $(tail -n1 "$LOG") instead of $2"; fi
}
# saw NAME PATTERN [SECONDS]: a line printed since the last mark matches, or does in time.
saw() {
  if wait_for "since | grep -qE '$2'" "${3:-10}"; then pass "$1"; else fail "$1: $(since | tr '\n' ';') without $2"; fi
}
# since: what was printed since the last call of mark.
mark() { MARK=$(wc -l <"$LOG"); }
since() { tail -n +$((MARK + 1)) "$LOG"; }
# never NAME PATTERN: no line printed since the last mark matches.
never() { if since | grep -qE "$2"; then fail "$1: $(since | tr '\n' ';')"; else pass "$1"; fi; }
switches() { awk '/ctxt_switches/ {n += $2} END {print n}' /proc/$WATCHER/task/$WATCHER/status; }

watch
if module_at_least 0.13; then want=true; else want=false; fi
if grep -q "events=$want" "$LOG"; then pass events; else fail "events: $(head -n1 "$LOG")"; fi

# Nobody there: nothing is done at all.
sleep 2
before=$(switches)
sleep 5
after=$(switches)
if [ $((after - before)) = 0 ]; then pass idle; else fail "idle: $((after - before)) switches in 5 s"; fi

# A program that merely opens it.
mark
bash -c 'exec 3<"$0"; exec sleep 1000' "$LOOPBACK" &
holder=$!
expect open "clients: Open/$SHELL_OR_SLEEP/$holder\$"
if module_at_least 0.13; then
  sleep 1
  before=$(switches)
  sleep 3
  after=$(switches)
  if [ $((after - before)) = 0 ]; then pass open-costs-nothing; else fail "open-costs-nothing: $((after - before)) switches in 3 s"; fi
fi
kill -9 $holder
expect open-killed 'clients: none$'
never open-is-no-stream 'Streaming|Unknown'

# Looking at its properties.
mark
v4l2-ctl -d "$LOOPBACK" --all >/dev/null 2>&1
expect probe '(clients: none|events=.*)$'
never probe-is-no-stream 'Streaming|Unknown'

# mmap readers.
mark
v4l2-ctl -d "$LOOPBACK" --stream-mmap --stream-count=60 >/dev/null 2>&1 &
client=$!
saw v4l2-ctl "clients: Streaming/v4l2-ctl/$client\$"
wait $client
expect v4l2-ctl-ends 'clients: none$'
never v4l2-ctl-alone 'application'

mark
ffmpeg -nostdin -loglevel error -f v4l2 -i "$LOOPBACK" -frames:v 20 -f null - >/dev/null 2>&1 &
client=$!
saw ffmpeg "clients: Streaming/ffmpeg/$client\$" 30
wait $client
expect ffmpeg-ends 'clients: none$'

mark
v4l2-ctl -d "$LOOPBACK" --stream-mmap >/dev/null 2>&1 &
client=$!
expect streams "clients: Streaming/v4l2-ctl/$client\$"
kill -9 $client
expect streaming-killed 'clients: none$'

# A reader.
mark
dd if="$LOOPBACK" of=/dev/null bs=$FRAME count=90 2>/dev/null &
client=$!
saw dd "clients: Streaming/dd/$client\$" 
[ -z "$FAILED" ] || kill $client
wait $client
expect dd-ends 'clients: none$'

# One streams, one looks.
bash -c 'exec 3<"$0"; exec sleep 1000' "$LOOPBACK" &
holder=$!
expect two-open "clients: Open/$SHELL_OR_SLEEP/$holder\$"
v4l2-ctl -d "$LOOPBACK" --stream-mmap >/dev/null 2>&1 &
client=$!
a="Open/$SHELL_OR_SLEEP/$holder" b="Streaming/v4l2-ctl/$client"
expect two "clients: ($a $b|$b $a)\$"
kill $client
expect two-stops "clients: Open/$SHELL_OR_SLEEP/$holder\$"
kill -9 $holder
expect two-end 'clients: none$'

# Opened and closed as fast as it goes, with one that stays.
(for _ in $(seq 200); do : <"$LOOPBACK"; done) &
churn=$!
v4l2-ctl -d "$LOOPBACK" --stream-mmap >/dev/null 2>&1 &
client=$!
wait $churn
expect churn "clients: Streaming/v4l2-ctl/$client\$"
kill $client
expect churn-end 'clients: none$' 15

# Lost events: really taken away from the detector.
if module_at_least 0.13; then
  # A client that is known, then starts to stream.
  v4l2-ctl -d "$LOOPBACK" --stream-mmap --stream-count=10000 >/dev/null 2>&1 &
  client=$!
  expect lost-before "clients: Streaming/v4l2-ctl/$client\$"
  sleep 1
  bash -c 'exec 3<"$0"; exec sleep 1000' "$LOOPBACK" &
  holder=$!
  expect lost-holder "Open/$SHELL_OR_SLEEP/$holder"
  touch "$WORK/lose"
  kill $client
  wait_for 'grep -q "^lost an event" $LOG' 5 || fail "lost-off: no event was lost"
  rm "$WORK/lose"
  expect lost-off "clients: Open/$SHELL_OR_SLEEP/$holder\$" 40
  touch "$WORK/lose"
  mark
  v4l2-ctl -d "$LOOPBACK" --stream-mmap >/dev/null 2>&1 &
  client=$!
  wait_for 'since | grep -q "^lost an event"' 5 || fail "lost-on: no event was lost"
  rm "$WORK/lose"
  expect lost-on "Streaming/v4l2-ctl/$client" 40
  kill $client
  kill -9 $holder
  expect lost-end 'clients: none$'
fi
end_watch

# The relay runs as an ordinary user, the client does not.
if setpriv --version >/dev/null 2>&1; then
  chmod 777 "$WORK"
  group=$(stat -c %g "$LOOPBACK")
  watch setpriv --reuid=65534 --regid=65534 --groups="$group"
  mark
  bash -c 'exec 3<"$0"; exec sleep 1000' "$LOOPBACK" &
  holder=$!
  if module_at_least 0.13; then expect other-user-opens 'clients: Open/an_application/\?$'
  else expect other-user-opens 'clients: Unknown/an_application/\?$'; fi
  kill -9 $holder
  expect other-user-closes 'clients: none$'
  v4l2-ctl -d "$LOOPBACK" --stream-mmap >/dev/null 2>&1 &
  client=$!
  if module_at_least 0.13; then expect other-user-streams 'clients: Streaming/an_application/\?$'
  else expect other-user-streams 'clients: Unknown/an_application/\?$'; fi
  kill -9 $client
  expect other-user-ends 'clients: none$'
  end_watch

  # Another loopback's holders are not ours, seen or not.
  if unload_loopback && modprobe v4l2loopback devices=2 video_nr=30,31 exclusive_caps="$EXCLUSIVE_CAPS,$EXCLUSIVE_CAPS" &&
    ready "$LOOPBACK" && ready /dev/video31; then
    bash -c 'exec 3<"$0"; exec sleep 1000' /dev/video31 &
    other=$!
    wait_for '[ -e /proc/$other/fd/3 ]' 5
    watch setpriv --reuid=65534 --regid=65534 --groups="$group"
    mark
    v4l2-ctl -d "$LOOPBACK" --all >/dev/null 2>&1
    bash -c 'exec 3<"$0"; exec sleep 1000' "$LOOPBACK" &
    holder=$!
    saw two-nodes-opens '(Open|Unknown)/an_application'
    kill -9 $holder
    expect two-nodes-closes 'clients: none$'
    sleep 1
    expect two-nodes-other 'clients: none$'
    kill -9 $other
    end_watch
  else
    fail "two-nodes: v4l2loopback does not load with two devices"
  fi
else
  skip "other-user: setpriv is missing"
fi
done_testing
