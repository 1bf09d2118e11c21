#!/bin/bash
# The desktop tier: Xvfb, a private session bus, a private system bus with a mock of logind, a real tray host
# (xfce4-panel) and a mock of the notification service that records what it gets. Arguments go to the test programs
# (names of tests). The last line counts: "desktop tier: N passed, N failed, N skipped".
#   run.sh [NAME...] | run.sh --bench FILE | run.sh --screenshots DIRECTORY | run.sh --pictures DIRECTORY
#   run.sh --hosts DIRECTORY [HOST...] | run.sh --hosts --starts NUMBER HOST
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../../scripts/common.sh"

skip() {
  echo "SKIP desktop tier: $1"
  echo "desktop tier: 0 passed, 0 failed, 1 skipped ($1)"
  exit 0
}
for program in Xvfb dbus-daemon dbus-run-session xfce4-panel xfconf-query; do
  command -v $program >/dev/null || skip "$program is not installed"
done
# The distribution's Python has the bindings, another one first in the path has not.
python=/usr/bin/python3
$python -c 'import gi, dbusmock' 2>/dev/null || skip "python3-gi or python3-dbusmock is not installed"

scratch=$(mktemp -d)
trap 'kill ${xvfb:-} ${applet:-} 2>/dev/null; rm -rf "$scratch"' EXIT
mkfifo "$scratch/display"
# On a picture of the window there is to be a whole page.
height=800
[ "${1:-}" != --pictures ] || height=1000
Xvfb -displayfd 3 -screen 0 1280x${height}x24 -nolisten tcp -noreset 3>"$scratch/display" >"$scratch/xvfb.log" 2>&1 &
xvfb=$!
read -r -t 20 display <"$scratch/display" || skip "Xvfb does not start"
export DISPLAY=:$display LENSCAP_SCRATCH=$scratch
# Nothing of the user's session may be seen, and nothing of ours may be left in it.
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS XDG_SESSION_ID XDG_CURRENT_DESKTOP
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_RUNTIME_DIR
export LC_ALL=C.UTF-8 NO_AT_BRIDGE=1

case ${1:-} in
  --bench) "$python" tests/desktop/bench.py "$2"; exit ;;
  --screenshots) "$python" tests/desktop/screenshots.py "$2"; exit ;;
  --pictures) "$python" tests/desktop/pictures.py "$2"; exit ;;
  --hosts) shift; "$python" tests/desktop/hosts "$@"; exit ;;
esac
[ $# = 0 ] || { "$python" tests/desktop/applet.py "$@"; exit; }

# part NAME SECONDS COMMAND...: one part of the tier, and a line of its counts; one that ends without a count has failed.
part() {
  local name=$1 log=$scratch/$1.log counts rc=0 start=$SECONDS
  shift
  scripts/contain.sh "$1" "$log" "${@:2}" || rc=$?
  # the programs' own line, or that of cargo test
  counts=$(sed -nE 's/^.*(: | )([0-9]+) passed[,;] ([0-9]+) failed[,;] ([0-9]+) (skipped|ignored).*/\2 \3 \4/p' "$log" | tail -n 1)
  { flock 9; sed 's/^desktop tier:/applet:/' "$log"; echo "== $name: $((SECONDS - start)) s"; } 9>"$scratch/output"
  if [ -z "$counts" ] || { [ $rc != 0 ] && [ "$(cut -d' ' -f2 <<<"$counts")" = 0 ]; }; then
    echo "FAIL $name: it ended with status $rc and counted no failure"
    counts="0 1 0"
  fi
  echo "$counts" >>"$scratch/counts"
}
# Side by side, for they mostly wait: the applet; the preferences widget by widget, as a screen reader meets them, and with the
# system's helper behind them. What each says is shown when it has ended.
part applet 600 "$python" tests/desktop/applet.py &
applet=$!
widgets=$(test_program lenscap_preferences)
part widgets 600 "$widgets" --skip ::tests:: # without the unit tests, which run anywhere
preferences=${LENSCAP_PREFERENCES:-target/debug/lenscap-preferences}
# Tab by Tab through rows that are walked over the bus each time: 300 s on two processors that nobody else uses.
part prefs_a11y 930 "$python" tests/desktop/prefs_a11y.py "$preferences"
part prefs_helper 300 "$python" tests/desktop/prefs_helper.py "$preferences"
wait $applet
awk '{ p += $1; f += $2; s += $3 } END { printf "desktop tier: %d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$scratch/counts"
