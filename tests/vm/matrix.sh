#!/bin/bash
# The kernel tier: the programs of tests/vm/guest over the matrix of kernels, v4l2loopback versions and exclusive_caps.
#   tests/vm/matrix.sh [--cell KERNEL/VERSION]... [--caps 0|1] [--only REGEX] [TEST]...
# e.g. matrix.sh --cell 6.1/0.15 --only never_dequeues kernel; REGEX is about the names in tests/kernel.rs, truth.rs and wire.rs.
# Prints PASS, FAIL and SKIP lines, and at the end
#   kernel tier: N passed, N failed, N skipped
# Fails when a test failed. Logs: target/vm-logs. MATRIX=quick is the newest module on 6.1 only; JOBS=2 cells run side by side.
set -euo pipefail
JOBS=${JOBS:-2}
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

cells=() tests=() caps="0 1"
while [ $# -gt 0 ]; do
  case $1 in
    --cell) cells+=("$2"); shift 2 ;;
    --caps) caps=$2; shift 2 ;;
    --only) export LENSCAP_ONLY=$2; shift 2 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) t=$HERE/guest/$(basename "$1" .sh).sh; [ -e "$t" ] || die "no test $t"; tests+=("$t"); shift ;;
  esac
done
if [ ${#tests[@]} = 0 ]; then
  for t in "$HERE"/guest/*.sh; do [ "$(basename "$t")" = demo.sh ] || tests+=("$t"); done
fi

results=$(mktemp "${TMPDIR:-/tmp}/lenscap-matrix.XXXXXX")
trap 'rm -f "$results" "$results".*' EXIT
finish() {
  local p f s
  p=$(grep -c '^PASS ' "$results" || true); f=$(grep -c '^FAIL ' "$results" || true); s=$(grep -c '^SKIP ' "$results" || true)
  echo "kernel tier: $p passed, $f failed, $s skipped"
  [ "$f" = 0 ]
  exit
}

# prepared COMMAND...: whether it succeeded; else one line says that this tier is skipped or has failed, and why.
prepared() {
  local rc=0 word=FAIL
  "$@" 2>"$results.err" || rc=$?
  cat "$results.err" >&2
  [ $rc = 0 ] && return
  [ $rc != "$SKIPPED" ] || word=SKIP
  echo "$word kernel tier: $(tail -n1 "$results.err" | sed 's/^vm: //')" | tee -a "$results"
  return 1
}
prepared "$HERE/prepare.sh" || finish

# The programs and the tests that run in the guest, these as LENSCAP_TEST_NAME.
cargo_build() {
  local name file program wanted=()
  while read -r name file; do wanted+=(--test "$name"); done < <(vm_tests)
  (cd "$REPO" && cargo build --locked --quiet --bins --examples && cargo test --locked --no-run "${wanted[@]}") >"$results.cargo" 2>&1 ||
    { cat "$results.cargo" >&2; echo "FAIL kernel tier: its tests do not build" | tee -a "$results"; finish; }
  while read -r name file; do
    program=$(sed -n "s|^ *Executable ${file#crates/*/} (\(.*\))$|\1|p" "$results.cargo")
    # As BIN in guest-tests.sh: from the host's tree.
    export "LENSCAP_TEST_${name^^}=/run/host$(cd "$REPO" && readlink -f "$program")"
  done < <(vm_tests)
}
needs_cargo() { local t; for t in "${tests[@]}"; do [ "$(basename "$t")" = smoke.sh ] || return 0; done; return 1; }
if needs_cargo; then cargo_build; fi

if [ ${#cells[@]} = 0 ]; then
  if [ "${MATRIX:-}" = quick ]; then cells=(6.1/newest)
  else
    # the series in use, each on 6.1, and the newest on 6.12 as well
    cells=(6.1/0.15.0 6.12/newest 6.1/0.12 6.1/0.13)
  fi
fi
logs=$REPO/target/vm-logs
rm -rf "$logs"; mkdir -p "$logs"

# in_guest CELL PART TEST...: what its guest says goes to standard output, and what of it counts to a file of its own as well.
in_guest() {
  local cell=$1 part=$2 k v own name start=$SECONDS rc=0
  shift 2
  k=${cell%%/*} v=$(resolve_loopback "${cell#*/}") own=$results.${cell//\//-}-$part
  if [ -z "$v" ] || [ ! -s "$VM/modules/$k/$v/v4l2loopback.ko" ] || [ ! -s "$VM/kernels/$k/initrd" ]; then
    echo "SKIP $cell $part: the archive did not have it" | tee "$own"
    return
  fi
  name=$k-$v-$part
  "$HERE/run.sh" --kernel "$k" --loopback "$v" --share "$REPO" --limit 3600 \
    --console "$logs/$name-console.log" -- bash "$HERE/guest-tests.sh" "$logs" "$caps" "$@" |
    tee "$own" | grep -v --line-buffered '^END$' || rc=${PIPESTATUS[0]}
  if [ "$(tail -n1 "$own")" = END ]; then sed -i '$d' "$own"
  else echo "FAIL $k/$v: the guest with $part ended early (exit status $rc; see $logs)" | tee -a "$own"
  fi
  say "$k/$v $part took $((SECONDS - start)) s"
}

# part_of CELL TEST: the boot that it belongs to. What takes long in the newer series has one of its own, so that two machines side
# by side are through at about the same time.
part_of() {
  case $2 in kernel | truth | wire) case $1 in */0.12* | */0.13*) ;; *) echo "$2"; return ;; esac ;; esac
  echo rest
}
# Side by side: a guest waits for its own clock a good part of the time.
for part in kernel rest truth wire; do
  for cell in "${cells[@]}"; do
    chosen=()
    for t in "${tests[@]}"; do [ "$(part_of "$cell" "$(basename "$t" .sh)")" != $part ] || chosen+=("$t"); done
    [ ${#chosen[@]} -gt 0 ] || continue
    while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done
    in_guest "$cell" $part "${chosen[@]}" &
  done
done
wait
cat "$results".*-* >>"$results" 2>/dev/null || true
finish
