#!/bin/bash
# `make fuzz`: feeds every target of fuzz/ at random, SECONDS=60 each; TARGETS="jpeg worker" chooses. Installs what it needs.
# What breaks one is kept in target/fuzz/found; what led further in target/fuzz/corpus, for the next time.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
seconds=${1:?seconds}
shift
targets=("$@")
version=0.13.2
work=$PWD/target/fuzz

cannot() {
  echo "fuzz: cannot run here: $1" >&2
  exit 1
}

scripts/deps.sh build || cannot "what the build needs is missing"
command -v c++ >/dev/null || cannot "libFuzzer needs a C++ compiler: install g++ or clang"
PATH=$PWD/target/tools/bin:$PATH
if ! cargo fuzz --version 2>/dev/null | grep -qx "cargo-fuzz $version"; then
  cargo install --quiet --locked --root target/tools "cargo-fuzz@$version" || cannot "cargo-fuzz $version does not install"
fi
# Coverage and sanitizers are flags of nightly compilers; this lets the compiler that builds everything else take them, too.
export RUSTC_BOOTSTRAP=1
sanitizer=address
[ -e "$(rustc --print target-libdir)/librustc-stable_rt.asan.a" ] || [ -e "$(rustc --print target-libdir)/librustc-nightly_rt.asan.a" ] ||
  { sanitizer=none; echo "fuzz: this compiler has no address sanitizer: panics, hangs and memory are found, no bad access"; }
options=(--sanitizer "$sanitizer" --target-dir "$work/build")

[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list)
[ ${#targets[@]} -gt 0 ] || cannot "fuzz/ has no targets"
phase "build" cargo fuzz build "${options[@]}" || cannot "fuzz/ does not build"

# GLib and fontconfig keep what they have: leaks are not looked for.
export ASAN_OPTIONS=detect_leaks=0 TMPDIR=/dev/shm
[ -w $TMPDIR ] || TMPDIR=/tmp
failed=()
mkdir -p "$work/found" "$work/log"
for target in "${targets[@]}"; do
  log=$work/log/$target.log
  mkdir -p "$work/corpus/$target"
  if cargo fuzz run "${options[@]}" "$target" "$work/corpus/$target" "fuzz/corpus/$target" -- "-max_total_time=$seconds" \
    -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 "-artifact_prefix=$work/found/$target-" >"$log" 2>&1; then
    result="nothing found"
  else
    result="FAILED (log: ${log#"$PWD/"})"
    failed+=("$target")
    grep -vE '^#[0-9]|^\s*[0-9]+ of|INITED|DEDUP' "$log" | tail -n 40
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)
  echo "fuzz $target: ${executions:-0} executions, ${coverage:-cov: 0} in $seconds s: $result"
done
[ ${#failed[@]} = 0 ] || { echo "fuzz: failed: ${failed[*]}; the inputs are in target/fuzz/found" >&2; exit 1; }
