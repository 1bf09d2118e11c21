#!/bin/bash
# The debian13 tier: the tests of the camera in PipeWire once more, with Debian 13's PipeWire, WirePlumber and GStreamer.
#   tests/debian13/run.sh [NAME]...   only tests with this in their name
# Prints a line per test, and at the end
#   debian13 tier: N passed, N failed, N skipped
# Fails when a test failed.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../../scripts/common.sh"
# shellcheck source=tests/debian13/lib.sh
. tests/debian13/lib.sh
log=target/test-logs/debian13-tests.log
mkdir -p target/test-logs
: >"$log"

prepared tests/debian13/fetch.sh
stack=$(sed -n 's/^PipeWire /PipeWire /p' "$D13/VERSIONS")

runs() { tests/debian13/in.sh "$@" >/dev/null 2>"$D13/why" || { cat "$D13/why" >&2; return "$SKIPPED"; }; }
prepared runs pipewire --version
for name in pipewire anywhere; do
  program=$(test_program $name)
  [ -n "$program" ] || { echo "FAIL debian13 tier: the test program $name was not built"; result 0 1 0; }
  # Built on a system that is newer than this one, it does not start here.
  prepared runs "$program" --list
  filter=("$@")
  [ $name != anywhere ] || [ $# -gt 0 ] || filter=(pipewire:: wireplumber::)
  tests/debian13/in.sh "$program" --show-output "${filter[@]}" 2>&1 | tee -a "$log" |
    sed -nuE "s/^(test [^ ]+) \.\.\. (.*)/\1 ($stack) ... \2/p; /^SKIP /p; /^test result/p"
done

sed -n '/^failures:$/,/^test result/p' "$log" | grep -v '^test result' || true
read -r p f s < <(awk '
  /^SKIP /          { marked++ }
  /^test result: /  { ended++; for (i = 1; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) } }
  END               { print p - marked, f + (2 - ended), s + marked }' "$log") # one that crashed leaves no count
result "$p" "$f" "$s" "$(paste -sd, "$D13/VERSIONS" | sed 's/,/, /g')"
