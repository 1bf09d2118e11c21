# shellcheck shell=bash
# Sourced by the scripts beside it: the repository's root, timed phases, cargo on the path.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. scripts/system.sh

# The packages that have the installed programs.
# shellcheck disable=SC2034 # for who sources this
programs=(-p lenscap -p lenscap-applet -p lenscap-worker -p lenscap-preferences -p lenscap-pipewire -p lenscap-cards -p lenscap-history -p lenscap-setup -p lenscap-raw-cameras)

# test_program NAME: builds all test programs and says where the one of this target is. Of a package alone (cargo test -p) the
# dependencies would have other features, and be compiled once more.
test_program() {
  cargo test --locked --no-run --message-format=json 2>/dev/null |
    sed -nE 's/.*"target":\{[^}]*"name":"'"$1"'".*"profile":\{[^}]*"test":true.*"executable":"([^"]+)".*/\1/p' | tail -n 1
}

# phase NAME COMMAND...: runs it and says how long it took.
phase() {
  local name=$1 start=$SECONDS rc=0
  shift
  echo "== $name"
  "$@" || rc=$?
  echo "== $name: $((SECONDS - start)) s"
  return $rc
}

# followed SECONDS LOG COMMAND...: runs it by contain.sh and shows its output as it comes. Exit status: that of contain.sh.
followed() {
  local log=$2 job
  : >"$log"
  scripts/contain.sh "$@" &
  job=$!
  tail -n +1 -f --pid=$job "$log"
  wait $job
}
