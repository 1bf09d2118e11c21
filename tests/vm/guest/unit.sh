#!/bin/bash
# limit: 240
# The systemd user unit under a real user manager: starts, comes back when killed, stops the camera in order, and is never
# there beside the autostart entry or another instance. Once.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"
only_when "$EXCLUSIVE_CAPS$LENSCAP_KERNEL" = 16.1
module_at_least 0.15 || exit 78
[ -x /lib/systemd/systemd ] && command -v systemctl >/dev/null || { echo "systemd is not installed"; exit 77; }

load_vivid && load_loopback 1 8 Lenscap || die "no camera or no loopback"
export HOME=$WORK/home XDG_RUNTIME_DIR=$WORK/run
unset XDG_CONFIG_HOME DBUS_SESSION_BUS_ADDRESS DISPLAY
units=$HOME/.config/systemd/user autostart=$HOME/.config/autostart/io.github.lenscap.Lenscap.desktop
mkdir -p "$units" "$HOME/.config/lenscap" "${autostart%/*}"
mkdir -m 700 "$XDG_RUNTIME_DIR"
sed "s|@bindir@|$BIN|" data/lenscap.service.in >"$units/lenscap.service"
cat >"$HOME/.config/lenscap/config.toml" <<END
version = 1
[camera]
source = "v4l2:$CAMERA"
width = 320
height = 240
framerate = 15
END
# What a login would have set up: a part of the control groups, a bus, the user's manager, which wants a booted systemd.
mkdir -p /run/systemd/system /sys/fs/cgroup/session
echo $$ >/sys/fs/cgroup/session/cgroup.procs
dbus-daemon --session --address="unix:path=$XDG_RUNTIME_DIR/bus" --fork --nopidfile
/lib/systemd/systemd --user >"$WORK/systemd.log" 2>&1 &
unit() { systemctl --user "$1" lenscap; }
property() { systemctl --user show -P "$1" lenscap; }
# signal NAME: to the applet; never to process 0, which is this script's own group.
signal() { wait_for '[ "$(property MainPID)" -gt 0 ]' 20 && kill "-$1" "$(property MainPID)"; }
wait_for 'systemctl --user is-active -q basic.target' 30 || die "the user's manager does not start: $(tail -n 1 "$WORK/systemd.log")"

says() { "$BIN/lenscap" status | grep -q "$1"; }
held() { find /proc/[0-9]*/fd -lname "$CAMERA" 2>/dev/null | grep -q .; }
client() { v4l2-ctl -d "$LOOPBACK" --stream-mmap --stream-count=0 --stream-to=/dev/null >/dev/null 2>&1 & }
# expect NAME SECONDS CONDITION
expect() { if wait_for "$3" "$2"; then pass "$1"; else fail "$1: $(unit status 2>&1 | grep -m1 Active) $("$BIN/lenscap" status 2>&1)"; fi; }

unit start
expect start 20 'says "Camera is off" && [ "$(property ActiveState)" = active ]'
client
expect live 30 'says "Camera is on" && held'
signal KILL
expect killed-restarted 30 '[ "$(property NRestarts)" = 1 ] && says Camera'
pkill -x v4l2-ctl
client
expect live-again 40 'says "Camera is on" && held'
# systemd's watchdog: at work only while the camera is on; who stands still then is killed, and the camera goes off.
expect watched-while-on 5 '[ "$(property WatchdogUSec)" = 20s ]'
signal STOP
pkill -x v4l2-ctl
expect stands-still-is-killed 60 '[ "$(property NRestarts)" = 2 ] && ! held && says "Camera is off"'
expect unwatched-while-off 20 '[ "$(property WatchdogUSec)" = 0 ]'
client
expect live-after-that 40 'says "Camera is on" && held'
unit stop
expect stopped 5 '! held && [ "$(property ActiveState) $(property Result)" = "inactive success" ]'
expect nobody-left 5 '! pgrep -x lenscap-applet && ! pgrep -x lenscap-worker'

"$BIN/lenscap" >"$WORK/by-hand.log" 2>&1 &
byhand=$!
expect by-hand 20 'says "Camera is"'
unit start
expect beside-another 10 '[ "$(property ActiveState) $(property Result) $(property NRestarts)" = "inactive success 0" ] && says "Camera is"'
kill $byhand
expect by-hand-ends 20 '! pgrep -x lenscap-applet'

touch "$autostart"
unit start
expect beside-the-autostart-entry 5 '[ "$(property ConditionResult) $(property ActiveState)" = "no inactive" ]'
pkill -x v4l2-ctl
systemctl --user exit
wait_for '! pgrep -x systemd' 20
pkill -x dbus-daemon
done_testing
