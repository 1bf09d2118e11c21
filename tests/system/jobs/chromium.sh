# shellcheck shell=bash disable=SC2154,SC2034
# After the restart: Lenscap by its user unit, a page that takes the camera, the picture it got.
check "there is a device after the restart" node
modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
check "alice logs in" alice_logs_in
camera=$(for d in /sys/class/video4linux/video*; do grep -q '^vivid' "$d/name" && echo "/dev/${d##*/}"; done | head -n 1)
alice_chooses "$camera"
check "alice may use the camera" wait_for 30 bash -c "getfacl -pc $camera | grep -q '^user:alice:rw'"
check "Lenscap starts by its user unit" alice systemctl --user start lenscap.service
is_idle() { alice lenscap status --json | grep -q '"state": *"idle"'; }
check "it waits for a program" wait_for 60 is_idle
alice lenscap status --json
loginctl list-sessions --no-legend; loginctl show-session "$(loginctl list-sessions --no-legend | awk '$3 == "alice" { print $1; exit }')"
touch "$FILES/picture" && chmod 666 "$FILES/picture"
check "a page gets moving pictures, and the camera is off when it closes" \
  alice env LENSCAP_KEPT_PICTURE="$FILES/picture" "$FILES/system" --ignored --nocapture
alice lenscap status
alice journalctl --user --no-pager -u lenscap.service 2>/dev/null | tail -n 20
