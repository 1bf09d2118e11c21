#!/bin/bash
# `make test-long`: random sequences of operations (tests/vm/truth/random.rs) in the virtual machine, as many as one likes.
#   SEEDS=10 (the seeds 1 to 10) or SEEDS="3 7"; FIRST=11 begins there; MODE=isoc|bulk (both); OPS=500; SHRINK=SECONDS (600) to look
#   for the shortest sequence that shows a finding; REPLAY=FILE has one again. Sequences with a finding: target/truth.
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$REPO"
seeds=${SEEDS:-1}
case $seeds in
  *' '*) ;;
  *) seeds=$(seq -s ' ' "${FIRST:-1}" $((${FIRST:-1} + seeds - 1))) ;;
esac
case ${MODE:-} in
  '') tests=(isochronous bulk) ;;
  isoc*) tests=(isochronous) ;;
  bulk) tests=(bulk) ;;
  *) die "unknown mode $MODE; there are isoc and bulk" ;;
esac
programs=(lenscap lenscap-worker lenscap-pipewire lenscap-cards lenscap-history uvcam)
cargo build --locked --quiet "${programs[@]/#/-p}" --bins --examples
program=$(cargo test --locked --no-run --test vm 2>&1 | sed -n 's|^ *Executable tests/vm/main.rs (\(.*\))$|\1|p')
[ -x "$program" ] || die "tests/vm does not build"
# Copies, so that building may go on meanwhile.
logs=$REPO/target/truth bin=$REPO/target/truth/bin.$$
mkdir -p "$bin/examples"
trap 'rm -rf "$bin"' EXIT
cp "${programs[@]/#/target/debug/}" "$bin"
cp target/debug/examples/v4l2-actor "$bin/examples"
cp "$program" "$bin/vm"
export LENSCAP_TEST_PROGRAM=$bin/vm LENSCAP_PROGRAM=$bin/lenscap
export LENSCAP_TRUTH_SEEDS=$seeds LENSCAP_TRUTH_OPS=${OPS:-500} LENSCAP_TRUTH_SHRINK=${SHRINK:-600} LENSCAP_TRUTH_LOGS=$logs
if [ -n "${REPLAY:-}" ]; then
  cp "$REPLAY" "$bin/replay.ops" # the guest has a /tmp of its own
  export LENSCAP_TRUTH_REPLAY=$bin/replay.ops
fi
rc=0
for test in "${tests[@]}"; do
  # shellcheck disable=SC2016 # for the guest
  "$HERE/run.sh" --kernel "${KERNEL:-6.1}" --loopback newest --limit 86400 -- bash -c '. "$LENSCAP_GUEST"; load_uvcam || exit
    RUST_BACKTRACE=0 exec "$LENSCAP_TEST_PROGRAM" --ignored --exact "truth::random::$0_sequences_keep_every_promise" --nocapture' "$test" || rc=$?
done
exit $rc
