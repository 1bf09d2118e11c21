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

# result P F S [WHY]: the tier's last line, and its end; it fails when something failed.
result() {
  echo "$TIER tier: $1 passed, $2 failed, $3 skipped${4:+ ($4)}"
  [ "$2" = 0 ]
  exit
}
# prepared COMMAND...: whether it succeeded; else the tier is skipped or has failed.
prepared() {
  local rc=0 why
  why=$("$@" 2>&1 >/dev/null) || rc=$?
  [ -z "$why" ] || echo "$why" >&2
  [ $rc != 0 ] || return 0
  why=$(tail -n1 <<<"$why" | sed "s/^$TIER: //")
  [ $rc = "$SKIPPED" ] || { echo "FAIL $TIER tier: $why"; result 0 1 0; }
  echo "SKIP $TIER tier: $why"
  result 0 0 1
}
