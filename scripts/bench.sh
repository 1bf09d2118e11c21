#!/bin/bash
# `make bench`: what the promises cost, measured in the VM. Prints one table.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
scripts/deps.sh build run test
cargo build --release --locked --quiet
[ -e tests/vm/bench.sh ] || { echo "bench: there is nothing to measure yet" >&2; exit 1; }
exec tests/vm/run.sh --kernel 6.1 --loopback 0.15 --limit 3600 -- bash tests/vm/bench.sh "$@"
