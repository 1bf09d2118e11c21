#!/bin/bash
# The kernel tier: the programs of tests/vm/guest over the matrix of kernels, v4l2loopback versions and exclusive_caps.
#   tests/vm/matrix.sh [--cell KERNEL/VERSION]... [TEST]...     e.g. matrix.sh --cell 6.1/0.15 smoke
# One boot per kernel and version. Prints PASS, FAIL and SKIP lines, and at the end
#   kernel tier: N passed, N failed, N skipped
# Fails when a test failed. Logs: target/vm-logs. Environment: LENSCAP_EXCLUSIVE_CAPS="0 1", LENSCAP_MATRIX=quick (newest
# module only).
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

cells=() tests=()
while [ $# -gt 0 ]; do
  case $1 in
    --cell) cells+=("$2"); shift 2 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) t=$HERE/guest/$(basename "$1" .sh).sh; [ -e "$t" ] || die "no test $t"; tests+=("$t"); shift ;;
  esac
done
if [ ${#tests[@]} = 0 ]; then
  for t in "$HERE"/guest/*.sh; do [ "$(basename "$t")" = demo.sh ] || tests+=("$t"); done
fi

results=$(mktemp "${TMPDIR:-/tmp}/lenscap-matrix.XXXXXX")
trap 'rm -f "$results"' EXIT
finish() {
  local p f s
  p=$(grep -c '^PASS ' "$results" || true); f=$(grep -c '^FAIL ' "$results" || true); s=$(grep -c '^SKIP ' "$results" || true)
  echo "kernel tier: $p passed, $f failed, $s skipped"
  [ "$f" = 0 ]
  exit
}

rc=0
why=$("$HERE/prepare.sh" 2>&1 >/dev/null | tee /dev/stderr | tail -n1) || rc=$?
if [ $rc != 0 ]; then
  if [ $rc = "$SKIPPED" ]; then echo "SKIP kernel tier: ${why#vm: }"; else echo "FAIL kernel tier: ${why#vm: }"; fi | tee -a "$results"
  finish
fi

if [ ${#cells[@]} = 0 ]; then
  if [ "${LENSCAP_MATRIX:-}" = quick ]; then cells=(6.1/newest)
  else
    # the series in use, each on 6.1, and the newest on 6.12 as well
    for series in 0.12 0.13 0.15.0; do cells+=("6.1/$series"); done
    cells+=(6.12/newest)
  fi
fi
logs=$REPO/target/vm-logs
rm -rf "$logs"; mkdir -p "$logs"

for cell in "${cells[@]}"; do
  k=${cell%%/*} v=$(resolve_loopback "${cell#*/}")
  if [ -z "$v" ] || [ ! -s "$VM/modules/$k/$v/v4l2loopback.ko" ] || [ ! -s "$VM/kernels/$k/initrd" ]; then
    echo "SKIP $cell: the archive did not have it" | tee -a "$results"
    continue
  fi
  start=$SECONDS rc=0
  "$HERE/run.sh" --kernel "$k" --loopback "$v" --share "$REPO" --limit "${LENSCAP_MATRIX_LIMIT:-1200}" \
    --console "$logs/$k-$v-console.log" -- bash "$HERE/guest-tests.sh" "$logs" "${tests[@]}" |
    tee -a "$results" | grep -v --line-buffered '^END$' || rc=${PIPESTATUS[0]}
  if [ "$(tail -n1 "$results")" = END ]; then sed -i '$d' "$results"
  else echo "FAIL $k/$v: the guest ended early (exit status $rc; see $logs)" | tee -a "$results"
  fi
  say "$k/$v took $((SECONDS - start)) s"
done
finish
