#!/bin/bash
# The kernel tier: the tests of the table tests/vm/suite in its cells: kernels, v4l2loopback versions, exclusive_caps.
#   tests/vm/matrix.sh [--cell KERNEL/VERSION]... [--caps 0|1] [--only REGEX] [TEST]...
# e.g. matrix.sh --cell 6.1/0.15 --only never_dequeues kernel; TEST is a script or a module of the Rust tests, REGEX about names.
# --list prints what would run, and where.
# Prints PASS, FAIL and SKIP lines, and at the end
#   kernel tier: N passed, N failed, N skipped
# Fails when a test failed. Logs: target/vm-logs. MATRIX=quick is the newest module on 6.1 only; JOBS=2 machines run side by side.
set -euo pipefail
JOBS=${JOBS:-2}
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

cells=() tests=() caps="01" only=. list=''
while [ $# -gt 0 ]; do
  case $1 in
    --cell) cells+=("$2"); shift 2 ;;
    --caps) caps=${2// /}; shift 2 ;;
    --only) only=$2; shift 2 ;;
    --list) list=1; shift ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    *) tests+=("$(basename "$1" .sh)"); shift ;;
  esac
done

work=$(mktemp -d "${TMPDIR:-/tmp}/lenscap-matrix.XXXXXX")
results=$work/results
: >"$results"
trap 'rm -rf "$work"' EXIT
finish() {
  local p f s
  p=$(grep -c '^PASS ' "$results" || true); f=$(grep -c '^FAIL ' "$results" || true); s=$(grep -c '^SKIP ' "$results" || true)
  echo "kernel tier: $p passed, $f failed, $s skipped"
  [ "$f" = 0 ]
  exit
}
broken() { echo "FAIL kernel tier: $*" | tee -a "$results"; finish; }

# prepared COMMAND...: whether it succeeded; else one line says that this tier is skipped or has failed, and why.
prepared() {
  local rc=0 word=FAIL
  "$@" 2>"$work/err" || rc=$?
  cat "$work/err" >&2
  [ $rc = 0 ] && return
  [ $rc != "$SKIPPED" ] || word=SKIP
  echo "$word kernel tier: $(tail -n1 "$work/err" | sed 's/^vm: //')" | tee -a "$results"
  return 1
}
prepared "$HERE/prepare.sh" || finish

# The table: the cells of its first line, and for each test its row.
mapfile -t rows < <(grep -vE '^(#|$)' "$HERE/suite")
read -ra head <<<"${rows[0]}"
columns=("${head[@]:1:${#head[@]}-4}")
rows=("${rows[@]:1}")
# row_of NAME: the number of the first row that fits.
row_of() {
  local i pattern
  for i in "${!rows[@]}"; do
    pattern=${rows[i]%% *}
    if [[ $1 =~ ^($pattern)$ ]]; then echo "$i"; return; fi
  done
}
series() { resolve_loopback "$1" | cut -d. -f1,2; }
# column_of KERNEL VERSION: the number of the column for this kernel with the newest module that is not newer than this one.
column_of() {
  local i found=
  for i in "${!columns[@]}"; do
    [ "${columns[i]%%/*}" = "$1" ] || continue
    [ "$(printf '%s\n%s\n' "$(series "${columns[i]#*/}")" "$(series "$2")" | sort -V | tail -n1)" != "$(series "$2")" ] || found=$i
  done
  echo "$found"
}
if [ ${#cells[@]} = 0 ]; then
  if [ "${MATRIX:-}" = quick ]; then cells=(6.1/newest); else cells=("${columns[@]}"); fi
fi

# The programs, and the one with the tests that run in the guest.
names=()
for t in "$HERE"/guest/*.sh; do names+=("$(basename "$t" .sh)"); done
names=("${names[@]/demo/}")
if [ "${tests[*]}" != smoke ]; then
  (cd "$REPO" && cargo build --locked --quiet --bins --examples && cargo test --locked --no-run --test vm) >"$work/cargo" 2>&1 ||
    { cat "$work/cargo" >&2; broken "its tests do not build"; }
  program=$(cd "$REPO" && readlink -f "$(sed -n 's|^ *Executable tests/vm/main.rs (\(.*\))$|\1|p' "$work/cargo")")
  # As BIN in guest-tests.sh: from the host's tree.
  export LENSCAP_TEST_PROGRAM=/run/host$program
  mapfile -t -O "${#names[@]}" names < <("$program" --ignored --list | sed -n 's/: test$//p')
  strays=$(cd "$REPO" && grep -rl --include='*.rs' '#\[ignore = "kernel tier' src crates tests | grep -v '^tests/vm/' | xargs) || true
  [ -z "$strays" ] || broken "tests for the virtual machine belong into tests/vm: $strays"
fi

# is_asked NAME: by the command line.
is_asked() {
  local t
  [[ $1 =~ $only ]] || return
  [ ${#tests[@]} -gt 0 ] || return 0
  for t in "${tests[@]}"; do [[ $1 != "$t" && $1 != "$t"::* ]] || return 0; done
  return 1
}
# plan: for every test that is asked for "ROW NAME"; each test has to have a row, and each row a test.
declare -A has_test=()
asked=()
for name in "${names[@]}"; do
  [ -n "$name" ] || continue
  i=$(row_of "$name")
  [ -n "$i" ] || broken "tests/vm/suite has no line for $name"
  has_test[$i]=1
  ! is_asked "$name" || asked+=("$i $name")
done
if [ "${tests[*]}" != smoke ]; then
  for i in "${!rows[@]}"; do [ -n "${has_test[$i]:-}" ] || broken "tests/vm/suite: no test is called ${rows[i]%% *}"; done
fi
[ ${#asked[@]} -gt 0 ] || broken "no test is asked for"

# plan_cell CELL COLUMN: files $work/CELL+BOOT with the lines for guest-tests.sh, all tests of one exclusive_caps first.
plan_cell() {
  local value entry i name row boot
  for value in 0 1; do
    [[ $caps == *$value* ]] || continue
    for entry in "${asked[@]}"; do
      read -r i name <<<"$entry"
      read -ra row <<<"${rows[i]}"
      [[ ${row[$2 + 1]} == *$value* ]] || continue
      case $1 in */0.12* | */0.13*) boot=all ;; *) boot=${row[-1]} ;; esac
      echo "$value ${row[-2]} ${row[-3]} $name" >>"$work/${1//\//+}+$boot.list"
    done
  done
}
for cell in "${cells[@]}"; do
  k=${cell%%/*} v=$(resolve_loopback "${cell#*/}")
  if [ -z "$v" ] || [ ! -s "$VM/modules/$k/$v/v4l2loopback.ko" ] || [ ! -s "$VM/kernels/$k/initrd" ]; then
    echo "SKIP $cell: the archive did not have it" | tee -a "$results"
    continue
  fi
  column=$(column_of "$k" "$v")
  [ -n "$column" ] || broken "tests/vm/suite has no column for $cell"
  plan_cell "$k/$v" "$column"
done
if [ -n "$list" ]; then
  for file in "$work"/*.list; do sed "s|^|$(basename "$file" .list | tr + ' ') exclusive_caps=|" "$file"; done
  exit
fi
logs=$REPO/target/vm-logs
rm -rf "$logs"; mkdir -p "$logs"

# in_guest KERNEL MODULE BOOT: what its guest says goes to standard output, and what of it counts to a file of its own as well.
in_guest() {
  local name=$1-$2-$3 start=$SECONDS rc=0 own=$work/own-$1-$2-$3
  cp "$work/$1+$2+$3.list" "$logs/$name.list"
  "$HERE/run.sh" --kernel "$1" --loopback "$2" --share "$REPO" --limit 3600 --smp "$(smp "$1/$3")" \
    --console "$logs/$name-console.log" -- bash "$HERE/guest-tests.sh" "$logs" "$logs/$name.list" |
    tee "$own" | grep -v --line-buffered '^END$' || rc=${PIPESTATUS[0]}
  if [ "$(tail -n1 "$own")" = END ]; then sed -i '$d' "$own"
  else echo "FAIL $1/$2: the guest with $3 ended early (exit status $rc; see $logs)" | tee -a "$own"
  fi
  say "$1/$2 $3 took $((SECONDS - start)) s"
}
# smp KERNEL/BOOT: processors. A second emulated one doubles what the host's have to do for the same work (35 instead of 16 s for
# starts of programs, modules and a session): two where the relay, its clients and the driver are to meet at the same moment.
smp() { case $1 in */kernel | */truth) echo 2 ;; *) echo 1 ;; esac; }

# What has most tests first, so that machines side by side are through at about the same time.
for file in $(wc -l "$work"/*.list | sort -rn | awk '$2 != "total" { print $2 }'); do
  IFS=+ read -r k v boot <<<"$(basename "$file" .list)"
  while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done
  in_guest "$k" "$v" "$boot" &
done
wait
cat "$work"/own-* >>"$results" 2>/dev/null || true
finish
