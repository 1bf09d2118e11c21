# shellcheck shell=bash
# Shared by the scripts beside it; sourced, not run. What they make lies under $D13: root/ the unpacked tree, VERSIONS.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
D13=$REPO/target/debian13
mkdir -p "$D13"
export REPO D13

TIER=debian13
# shellcheck source=tests/lib.sh
. "$REPO/tests/lib.sh"
