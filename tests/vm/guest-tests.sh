#!/bin/bash
# In the guest: runs tests one after another, each in a process and a cgroup of its own. matrix.sh reads the lines.
#   guest-tests.sh LOGS LIST      LIST: lines "EXCLUSIVE_CAPS LIMIT MODULES NAME", from the table in suite
logs=$1 list=$2
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"
REPO=$PWD
# Programs from the host's tree rather than from the shared folder: that one caches nothing, and each start would read them anew.
BIN=/run/host$REPO/target/debug
export REPO WORK=/tmp/work LENSCAP_PROGRAM=$BIN/lenscap
export RUST_BACKTRACE=0 # a backtrace takes the emulated machine seconds; the message names the line
G=/sys/fs/cgroup
out=/tmp/out

# contained LIMIT COMMAND...: with its output in $out; nothing that it started outlives it.
contained() {
  local limit=$1 rc=0 cgroup
  shift
  mkdir -p $G/test
  (echo $BASHPID >$G/test/cgroup.procs; exec timeout -k 5 "$limit" "$@") </dev/null >$out 2>&1 || rc=$?
  for cgroup in $G/test $G/session; do # the second: tests/vm/unit.rs
    [ ! -d $cgroup ] || echo 1 >$cgroup/cgroup.kill
  done
  wait_for '! grep -q . $G/test/cgroup.procs' 10
  return $rc
}

# panic: the first panic's message, from the line after "panicked at" to what the test's runner says next, in one line. Of a long
# one the beginning, which says what was waited for, and the end, which says what the programs said last: what is printed is all
# that is left of a run on somebody else's machine.
panic() {
  local text
  text=$(awk '/^(note: run with|stack backtrace:|thread .* panicked at|FAILED$|failures:$)/ { if (inside) exit } inside
    / panicked at / { inside = 1 }' $out | tr -s '[:space:]' ' ')
  text=${text% }
  [ ${#text} -le 600 ] || text="${text:0:300} [...] ${text: -300}"
  echo "${text:-not through in time}"
}
# rust NAME LIMIT: one test of the suite's program; once, for a test that passes at times only has failed.
rust() {
  if ! contained "$2" "$LENSCAP_TEST_PROGRAM" --ignored --exact "$1" --test-threads=1 --nocapture; then
    sed "s/^/# $1: /" $out
    fail "$1: $(panic)"
  else
    # The first line that a test prints stands behind its name.
    sed -n "s/.*REPORT /# $1: /p" $out
    if grep -q 'SKIP ' $out; then skip "$(sed -n 's/.*SKIP //p' $out | head -n 1)"; else pass "$1"; fi
  fi
}

# script NAME LIMIT: a program of guest/, with its own lines, or none where it is itself the test.
script() {
  local rc=0
  contained "$2" bash "$REPO/tests/vm/guest/$1.sh" || rc=$?
  sed -E "s|^(PASS\|FAIL\|SKIP) |\1 $1/|" $out
  case $rc in
    0 | 77) grep -qE '^(PASS|FAIL|SKIP) ' $out || { [ $rc = 0 ] && pass "$1" || skip "$1: $(last)"; } ;;
    124 | 137) fail "$1: not through after $2 s" ;;
    *) grep -q '^FAIL ' $out || fail "$1: $(last) (exit status $rc)" ;;
  esac
}
last() { grep -v '^#' $out | tail -n1; }

# What the kernel said of a group of tests; modules are unloaded after it.
end_group() { # end_group NAME
  dmesg --level=emerg,alert,crit,err,warn >/tmp/dmesg
  sed 's/^/kernel: /' /tmp/dmesg
  # vivid itself computes a negative sleep on a machine that is late; that trace is not about anything of ours.
  sed -i '/schedule_timeout: wrong timeout value/,/<\/TASK>/d' /tmp/dmesg
  if grep -qE 'BUG:|Oops|Call Trace|general protection' /tmp/dmesg; then
    fail "$1/kernel: $(grep -m1 -B2 -E 'BUG:|Oops|Call Trace|general protection' /tmp/dmesg | head -n 1)"
  fi
  for m in v4l2loopback vivid uvcvideo vhci_hcd; do
    [ ! -d /sys/module/$m ] || wait_for "rmmod $m" 10 || fail "$1/unload: $m stays loaded"
  done
  dmesg -C
}

# one LIMIT MODULES NAME
one() {
  local began=$EPOCHREALTIME
  rm -rf $WORK; mkdir -p $WORK
  if ! "load_$2"; then fail "$3: the modules do not load"
  elif [[ $3 == *::* ]]; then rust "$3" "$1"
  else script "$3" "$1"
  fi
  note "$3 took $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
}

# report: all that is said goes to the log, and what counts to matrix.sh.
report() { tee -a "$log" | sed -nE "s|^(PASS\|FAIL\|SKIP) (.*)|\1 $cell/\2|p"; }

dmesg -C
group=
while read -r EXCLUSIVE_CAPS limit modules name; do
  if [ -n "$group" ] && [ "$group" != "$EXCLUSIVE_CAPS ${name%::*}" ]; then end_group "${group#* }" | report; fi
  group="$EXCLUSIVE_CAPS ${name%::*}"
  export EXCLUSIVE_CAPS LENSCAP_EXCLUSIVE_CAPS=$EXCLUSIVE_CAPS
  cell=$LENSCAP_KERNEL/$LENSCAP_LOOPBACK/exclusive_caps=$EXCLUSIVE_CAPS
  log=$logs/${cell//\//-}-${name%%::*}.log
  one "$limit" "$modules" "$name" </dev/null 2>&1 | report
done <"$list"
[ -z "$group" ] || end_group "${group#* }" | report
echo "END"
