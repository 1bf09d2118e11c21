# shellcheck shell=bash
# What a tier's scripts say, and how they end; sourced, not run. Who sources it has the tier's name in TIER.

# Exit status of "cannot be done on this machine or without network": the tier counts as skipped.
SKIPPED=77

say() { echo "$TIER: $*" >&2; }
die() { echo "$TIER: $*" >&2; exit 1; }
skip() { echo "$TIER: $*" >&2; exit "$SKIPPED"; }

# need PROGRAM...: skips, naming the programs that are missing.
need() {
  local p missing=
  for p; do PATH=$PATH:/usr/sbin:/sbin command -v "$p" >/dev/null || missing="$missing $p"; done
  [ -z "$missing" ] || skip "missing on this machine:$missing; scripts/deps.sh test installs them"
}
