# shellcheck shell=bash
# Shared by the scripts beside it; sourced, not run. What they make lies under $D13: root/ the unpacked tree, VERSIONS.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
D13=$REPO/target/debian13
mkdir -p "$D13"
export REPO D13

# Exit status of "cannot be done on this machine or without network": the tier counts as skipped.
SKIPPED=77

say() { echo "debian13: $*" >&2; }
die() { echo "debian13: $*" >&2; exit 1; }
skip() { echo "debian13: $*" >&2; exit "$SKIPPED"; }

# need PROGRAM...: skips, naming the programs that are missing.
need() {
  local p missing=
  for p; do PATH=$PATH:/usr/sbin:/sbin command -v "$p" >/dev/null || missing="$missing $p"; done
  [ -z "$missing" ] || skip "missing on this machine:$missing; scripts/deps.sh test installs it"
}
