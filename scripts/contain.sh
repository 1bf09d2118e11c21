#!/bin/bash
# scripts/contain.sh SECONDS LOG COMMAND...: runs COMMAND in a session of its own, with its output in LOG; ends it after
# SECONDS, and with it all that it started. Exit status: its own, or 124 where the time was up.
#
# Daemons leave the process group and the session of who started them, and a pipe that they inherited would stay open for as
# long as they live. Hence a file instead of a pipe, and a mark in the environment, which they do inherit.
set -uo pipefail
limit=$1 log=$2
shift 2
mark=LENSCAP_CONTAINED_$$
session=
of_session() { [ -z "$session" ] || ps -o pid=,stat= -s "$session" | awk '$2 !~ /^Z/ { print $1 }'; }
# Who has the mark, or is in the session still where the environment was cleared.
started() {
  { grep -lsz "^$mark=" /proc/[0-9]*/environ | cut -d/ -f3; of_session; } | sort -u
}
end_all() {
  local pids
  for signal in TERM TERM KILL KILL; do # what forks while it is looked at is found by the second look
    mapfile -t pids < <(started)
    [ ${#pids[@]} -gt 0 ] || return 0
    kill -$signal "${pids[@]}" 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ -n "$(started)" ] || return 0
      sleep 0.1
    done
  done
}
trap 'end_all; exit 130' INT
trap 'end_all; exit 143' TERM HUP
setsid env "$mark=1" timeout --kill-after=10 "$limit" "$@" </dev/null >"$log" 2>&1 &
session=$!
{ wait $!; } 2>/dev/null # without a word about who was killed
rc=$?
[ $rc != 137 ] || rc=124 # it did not end when it was asked to
end_all
exit $rc
