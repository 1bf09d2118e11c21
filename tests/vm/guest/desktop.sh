#!/bin/bash
# The applet on a real node: tray, menu, notification and a client's picture (tests/desktop/full_pass.py).
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"
for program in Xvfb dbus-daemon xfce4-panel; do
  command -v $program >/dev/null || { echo "$program is not installed"; exit 77; }
done
/usr/bin/python3 -c 'import gi, dbusmock' 2>/dev/null || { echo "python3-gi or python3-dbusmock is not installed"; exit 77; }

load_vivid && load_loopback 1 8 Lenscap || die "no camera or no loopback"
export LENSCAP_PROGRAM=$BIN/lenscap LENSCAP_SCRATCH=$WORK DISPLAY=:7 LC_ALL=C.UTF-8 NO_AT_BRIDGE=1
unset DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS XDG_SESSION_ID
Xvfb :7 -screen 0 800x600x24 -nolisten tcp >"$WORK/xvfb.log" 2>&1 &
wait_for '[ -S /tmp/.X11-unix/X7 ]' 30 || die "Xvfb does not start"
/usr/bin/python3 tests/desktop/full_pass.py "$CAMERA" "$LOOPBACK"
