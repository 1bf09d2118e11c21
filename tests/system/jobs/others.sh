# shellcheck shell=bash disable=SC2154,SC2034
# Options of others, a setup that is killed, a system that cannot be written to, and root without polkit.
cat >/etc/modprobe.d/obs.conf <<'CONF'
options v4l2loopback devices=2 video_nr=10,11 card_label="OBS Virtual Camera,Vendor" exclusive_caps=1,1
CONF
tree /var/before-setup
check "root needs no polkit and no terminal" bash -c 'systemctl mask --now polkit.service && lenscap setup --yes </dev/null'
systemctl unmask polkit.service
note "devices: $(nodes)"
check "others' devices are there" bash -c 'for name in "OBS Virtual Camera" Vendor Lenscap; do grep -qxF "$name" /sys/class/video4linux/*/name || exit 1; done'
check "others' file is as it was" grep -q '^options v4l2loopback devices=2' /etc/modprobe.d/obs.conf
check "taken back" bash -c 'lenscap setup --undo --yes </dev/null'
check "others' devices stay" grep -qxF "OBS Virtual Camera" /sys/class/video4linux/video10/name
tree /var/after-undo
check "the files are as before" diff /var/before-setup /var/after-undo

# Killed in the middle, wherever that is: the next one completes it, and it is taken back as a whole.
killed=0
for pause in 0.05 0.15 0.3 0.6 1; do
  lenscap setup --yes </dev/null >/dev/null 2>&1 &
  sleep $pause
  pkill -KILL -f 'lenscap-setup do' && killed=$((killed + 1))
  wait
done
note "killed $killed of 5 times"
check "it completes what was begun" bash -c 'lenscap setup --yes </dev/null'
check "the device is there" node
check "taken back after kills" bash -c 'lenscap setup --undo --yes </dev/null'
tree /var/after-kills
check "nothing is left of the kills" diff /var/before-setup /var/after-kills

# Once more, for the removal.
lenscap setup --yes device camera-rules further-devices </dev/null >/dev/null 2>&1
# A package that is removed takes its setup back: what it wrote below /etc belongs to no package.
check "the package is removed" dpkg --remove lenscap
check "nothing of the setup is left" bash -c '! test -e /var/lib/lenscap/setup.json && ! find /etc -name "*lenscap-*device*" | grep .'
