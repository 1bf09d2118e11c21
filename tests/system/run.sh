#!/bin/bash
# The system tier: a Debian 13 with systemd as process 1, in which the package of `make deb` is installed, set up, restarted, used and taken
# back, as on somebody's computer.
#   tests/system/run.sh [SCENARIO]...   those of the directory jobs; all, but for chromium, where none is named
# A scenario is a list of boots: each goes on with what the one before wrote. Prints a line per check, and at the end
#   system tier: N passed, N failed, N skipped
# Fails when a check failed.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../../scripts/common.sh"
# shellcheck source=tests/system/lib.sh
. tests/system/lib.sh
log=target/test-logs/system-jobs.log
mkdir -p target/test-logs
: >"$log"
packages=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages/deb

prepared tests/system/fetch.sh
# The packages tier builds them; alone, this one does.
ls "$packages"/lenscap_*.deb >/dev/null 2>&1 || prepared make --silent build deb

disk=$SYSTEM/disk
files=$SYSTEM/files
# boot LIMIT JOB...: the jobs, one behind the other, in one boot of the machine.
boot() {
  local limit=$1 rc=0 jobs
  shift
  jobs=$(mktemp)
  for job; do cat "tests/system/jobs/$job.sh"; done >"$jobs"
  echo 'done_testing' >>"$jobs"
  tests/system/boot.sh --limit "$limit" --files "$files" "$disk" "$jobs" 2>&1 | tee -a "$log" | grep --line-buffered -E '^(PASS|FAIL|SKIP|#|vm|system)' || true
  rc=${PIPESTATUS[0]}
  rm -f "$jobs"
  # One that ended without its checks' word has failed as a whole.
  case $rc in 0 | 1) ;; *) echo "FAIL $*: exit status $rc" | tee -a "$log" ;; esac
}
begin() {
  rm -rf "$disk" "$files"
  mkdir -p "$files"
  cp "$packages"/lenscap_*.deb "$files/"
}

[ $# -gt 0 ] || set -- setup others hidden
for scenario; do
  begin
  case $scenario in
    setup)
      boot 900 install setup
      boot 600 rebooted
      boot 300 gone
      ;;
    others) boot 900 install others ;;
    hidden) boot 1500 install hidden ;;
    chromium)
      cp "$(test_program system)" "$files/system"
      boot 900 install setup
      boot 1500 chromium
      # A data URL.
      sed 's/^[^,]*,//' "$files/picture" | base64 --decode >"$SYSTEM/chromium.png" && echo "# what the page got: $SYSTEM/chromium.png"
      ;;
    *) echo "system: unknown scenario $scenario; there are setup, others, hidden and chromium" >&2; exit 1 ;;
  esac
done
rm -rf "$disk"
result "$(grep -c '^PASS' "$log")" "$(grep -c '^FAIL' "$log")" "$(grep -c '^SKIP' "$log")" "$(cat "$SYSTEM/VERSIONS"); log: $log"
