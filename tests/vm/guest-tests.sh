#!/bin/bash
# In the guest: runs test programs one after another for each value of exclusive_caps. matrix.sh reads the lines.
#   guest-tests.sh LOGS "0 1" PROGRAM...
logs=$1 caps=$2
shift 2
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"
REPO=$PWD
# Programs from the host's tree rather than from the shared folder: that one caches nothing, and each start would read them anew.
BIN=/run/host$REPO/target/debug
export REPO
G=/sys/fs/cgroup

run_test() { # run_test PROGRAM
  local name limit cell log rc
  name=$(basename "$1" .sh)
  limit=$(sed -n 's/^# limit: \([0-9][0-9]*\)$/\1/p' "$1" | head -n1)
  cell=$LENSCAP_KERNEL/$LENSCAP_LOOPBACK/exclusive_caps=$EXCLUSIVE_CAPS
  log=$logs/${cell//\//-}-$name.log
  WORK=/tmp/work
  rm -rf $WORK; mkdir -p $WORK $G/test
  dmesg -C
  # in a cgroup of its own, so that nothing it started outlives it
  (echo $BASHPID >$G/test/cgroup.procs; exec timeout -k 5 "${limit:-60}" bash "$1") </dev/null >"$log" 2>&1
  rc=$?
  echo 1 >$G/test/cgroup.kill
  wait_for '! grep -q . $G/test/cgroup.procs' 10
  dmesg --level=emerg,alert,crit,err,warn >"$WORK/dmesg"
  sed 's/^/kernel: /' "$WORK/dmesg" >>"$log"
  echo "exit status $rc" >>"$log"

  sed -nE "s|^(PASS\|FAIL\|SKIP) (.*)|\1 $cell/$name/\2|p" "$log"
  case $rc in
    0 | 77) grep -qE '^(PASS|FAIL|SKIP) ' "$log" || { [ $rc = 0 ] && echo "PASS $cell/$name" || echo "SKIP $cell/$name: $(last "$log")"; } ;;
    78) ;;
    124 | 137) echo "FAIL $cell/$name: not through after ${limit:-60} s (log: $log)" ;;
    *) grep -q '^FAIL ' "$log" || echo "FAIL $cell/$name: $(last "$log") (exit status $rc, log: $log)" ;;
  esac
  # vivid itself computes a negative sleep on a machine that is late; that trace is not about anything of ours.
  sed -i '/schedule_timeout: wrong timeout value/,/<\/TASK>/d' "$WORK/dmesg"
  if grep -qE 'BUG:|Oops|Call Trace|general protection' "$WORK/dmesg"; then
    echo "FAIL $cell/$name/kernel: $(grep -m1 -B2 -E 'BUG:|Oops|Call Trace|general protection' "$WORK/dmesg" | head -n 1) (log: $log)"
  fi
  for m in v4l2loopback vivid uvcvideo vhci_hcd; do
    [ ! -d /sys/module/$m ] || wait_for "rmmod $m" 10 || echo "FAIL $cell/$name/unload: $m stays loaded"
  done
}
last() { grep -vE '^(kernel:|exit status|#)' "$1" | tail -n1; }

for EXCLUSIVE_CAPS in $caps; do
  export EXCLUSIVE_CAPS WORK
  for t; do run_test "$t"; done
done
echo "END"
