# shellcheck shell=bash
# Functions for jobs, which run as root in the Debian; boot.sh puts this in front of each.
# A check is a line PASS or FAIL; the job's exit status says whether all passed.
export LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export FILES=/run/lenscap-test/files
FAILED=0
note() { echo "# $*"; }
pass() { echo "PASS $*"; }
fail() { echo "FAIL $*"; FAILED=1; }
# check NAME COMMAND...: passes when the command does; its last line is the reason when it does not.
check() {
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then pass "$name"; else fail "$name: $(tail -n 3 <<<"$out" | tr '\n' ' ')"; fi
}
# refuse NAME COMMAND...: passes when the command fails.
refuse() {
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then fail "$name: it was allowed: $(tail -n 1 <<<"$out")"; else pass "$name"; fi
}
# wait_for SECONDS COMMAND...: until it holds; false when it did not within SECONDS.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "waited in vain for: $*" >&2; return 1; }
    sleep 0.2
  done
}
done_testing() { exit $FAILED; }

# node [LABEL]: the device of our name, or of this one, as /dev/videoN.
node() {
  local d
  for d in /sys/class/video4linux/video*; do
    [ "$(cat "$d/name" 2>/dev/null)" = "${1:-Lenscap}" ] && { echo "/dev/${d##*/}"; return; }
  done
  return 1
}
nodes() { cat /sys/class/video4linux/video*/name 2>/dev/null | sort | tr '\n' ' '; }
further_nodes() { node "Lenscap 2" && node "Lenscap 3" && node "Lenscap 4"; }
no_further_node() { ! node "Lenscap 2" && ! node "Lenscap 3" && ! node "Lenscap 4"; }
has_acl() { getfacl -pc "$(node)" 2>/dev/null | grep -q "^user:$1:rw"; }
has_no_acl() { ! has_acl "$1"; }
# as USER COMMAND...: outside of any seat.
as() {
  local user=$1
  shift
  setpriv --reuid "$user" --regid "$user" --init-groups env HOME="/home/$user" USER="$user" "$@"
}
# alice COMMAND...: in her session, with her bus.
alice() {
  as alice env XDG_RUNTIME_DIR="/run/user/$(id -u alice)" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$(id -u alice)/bus" "$@"
}
alice_logs_in() {
  systemctl start seat-alice.service
  wait_for 120 test -S "/run/user/$(id -u alice)/bus"
}
# alice_chooses CAMERA: in her settings, with a mode that an emulated machine bears.
alice_chooses() {
  mkdir -p /home/alice/.config/lenscap
  cat >/home/alice/.config/lenscap/config.toml <<CONF
[camera]
source = "v4l2:$1"
width = 320
height = 180
framerate = 10
[privacy]
cooldown_ms = 800
CONF
  chown -R alice: /home/alice/.config
}
# tree FILE: what is in the places that a setup may touch; few programs, since each start costs an emulated machine much.
tree() {
  local places=(/etc /var/lib/lenscap /usr/lib/systemd/system /usr/lib/udev/rules.d /usr/lib/modprobe.d)
  {
    find "${places[@]}" -xdev \( -type d -printf '%p/\n' -o -type l -printf '%p -> %l\n' \)
    find "${places[@]}" -xdev -type f -print0 | xargs -0 sha256sum
  } 2>/dev/null | grep -vE ' ?/etc/(machine-id|resolv.conf|\.updated|mtab|\.pwd\.lock)' | sort >"$1"
}
