# shellcheck shell=bash disable=SC2154,SC2034
# A fresh computer: who may, who may not, and what is there afterwards.
mkdir -p /etc/polkit-1/rules.d
cat >/etc/polkit-1/rules.d/49-test.rules <<'RULES'
polkit.addRule(function (action, subject) {
  if (action.id.indexOf("io.github.lenscap.setup.") == 0) {
    return subject.user == "alice" ? polkit.Result.YES : polkit.Result.NO;
  }
});
RULES
tree /var/before-setup
check "alice logs in" alice_logs_in
check "what would be done is shown and not done" bash -c 'lenscap setup --print && ! systemctl is-enabled lenscap-device.service'
refuse "bob may not, through the bus" as bob lenscap setup --yes
check "nothing came of it" bash -c '! test -e /sys/module/v4l2loopback && ! test -e /var/lib/lenscap/setup.json'
refuse "nobody answers, nothing is done" as alice lenscap setup
check "alice may, through the bus" alice lenscap setup --yes
check "the module was loaded for it" test -e /sys/module/v4l2loopback
check "there is a device" node
note "devices: $(nodes)"
check "alice may use it" wait_for 30 has_acl alice
check "only root reaches the control device" bash -c 'test "$(stat -c "%a %U" /dev/v4l2loopback)" = "600 root" && ! getfacl -pc /dev/v4l2loopback | grep -q user:alice'
refuse "bob may not use the device" as bob v4l2-ctl -d "$(node)" --info
# No machine here has Intel's image processor: a device of the name that its driver gives it, by CUSE (fuse.h: CUSE_INIT).
modprobe cuse
perl -e '
  open(my $cuse, "+<", "/dev/cuse") or die "cuse: $!";
  sysread($cuse, my $asked, 65536) or die "cuse: $!";
  my ($length, $opcode, $unique) = unpack("LLQ", $asked);
  my $answer = pack("L18", 7, 31, 0, 0, 4096, 4096, 0, 0, (0) x 10) . "DEVNAME=ipu-psys0\0";
  syswrite($cuse, pack("LlQ", 16 + length $answer, 0, $unique) . $answer) or die "cuse: $!";
  sleep' &
processor=$!
check "alice may use an image processor's device" wait_for 30 bash -c 'getfacl -pc /dev/ipu-psys0 | grep -q ^user:alice:rw'
refuse "bob may not" as bob test -r /dev/ipu-psys0
kill $processor
count=$(nodes)
tree /var/after-setup
check "a second time changes nothing" alice lenscap setup --yes
tree /var/after-second
check "the files are the same" diff /var/after-setup /var/after-second
check "the devices are the same" test "$count" = "$(nodes)"
# Further devices: asked for by their name alone.
check "the usual set-up makes no further devices" no_further_node
refuse "bob may not have some" as bob lenscap setup --yes further-devices
check "nothing came of that" no_further_node
check "alice may, through the bus" alice lenscap setup --yes further-devices
check "there are all that can be asked for" further_nodes
is_no_camera() { ! v4l2-ctl -d "$(node "Lenscap 2")" --info | grep -q 'Video Capture'; }
check "to who looks for cameras one without pictures is none" is_no_camera
count=$(nodes)
check "a second time changes nothing" alice lenscap setup --yes further-devices
check "the devices are the same" test "$count" = "$(nodes)"
# Whoever has one open keeps it, and it is still known as ours afterwards.
exec 7<>"$(node "Lenscap 3")"
used=$(node "Lenscap 3")
check "the unit restarts while one is in use" systemctl restart lenscap-further-devices.service
check "the devices are the same, that one in its place" test "$count $used" = "$(nodes) $(node "Lenscap 3")"
exec 7>&-
# udev looks at each that comes, and has it open for that long.
udevadm settle --timeout=120
systemctl stop lenscap-further-devices.service
check "stopped, it leaves none" no_further_node
check "the first one is another unit's" node
check "they come again" systemctl start lenscap-further-devices.service
check "all of them" further_nodes
check "the helper ends itself" wait_for 120 bash -c '! systemctl is-active lenscap-setup.service'
