# shellcheck shell=bash disable=SC2154,SC2034
# Raw nodes are hidden from who sits at the computer, but for the camera process; and are given back. vivid stands in for an image processor.
# By the name that its other drivers have: what the rule says of theirs is not run here.
cat >/etc/udev/rules.d/71-test.rules <<'RULES'
SUBSYSTEM=="video4linux", ATTR{name}=="vivid-*", ENV{LENSCAP_RAW}="1"
RULES
udevadm control --reload
modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
raw=$(for d in /sys/class/video4linux/video*; do grep -q '^vivid' "$d/name" && echo "/dev/${d##*/}"; done | head -n 1)
doctor_says() { alice lenscap doctor --json | grep -qF "\"code\":\"$1\""; }
raw_is_for() { wait_for 60 bash -c "getfacl -pc $raw | grep -q '^user:alice:rw' && test \"\$(stat -c %G $raw)\" = $1"; }
raw_is_hidden() { wait_for 60 bash -c "! getfacl -pc $raw | grep -q '^user:alice' && test \"\$(stat -c %G:%a $raw)\" = lenscap-camera:660"; }
check "alice logs in" alice_logs_in
check "the rule of the test hides nothing alone" raw_is_for video
check "alice may use it" alice v4l2-ctl -d "$raw" --info
program=/usr/libexec/lenscap/lenscap-raw-cameras
check "the package made the program set-group-id" test "$(stat -c '%U:%G:%a' $program)" = root:lenscap-camera:2755
lenscap setup --yes device </dev/null >/dev/null 2>&1
check "the usual set-up hides nothing" bash -c '! lenscap setup --print | grep -i raw && lenscap setup --print hide-raw-nodes | grep -q seat-lenscap'
check "it is hidden" bash -c 'lenscap setup --yes hide-raw-nodes </dev/null'
check "from her, who sits there" raw_is_hidden
refuse "her programs do not get it" alice v4l2-ctl -d "$raw" --info
check "her doctor says that it is so and no problem" doctor_says nodes-hidden
check "another camera and our device stay hers" wait_for 60 has_acl alice
# As it comes at a start of the computer and when it is plugged in.
rmmod vivid && modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
check "it is hidden where it comes later, too" raw_is_hidden

systemctl stop seat-alice.service
check "without her session she has no camera" wait_for 120 has_no_acl alice
check "alice logs in again" alice_logs_in
check "our device is hers again" wait_for 60 has_acl alice
check "the raw node is not" raw_is_hidden

alice_chooses "$raw"
alice lenscap run --headless >"$FILES/relay.log" 2>&1 &
status_says() { alice lenscap status --json | grep -qF -- "$1"; }
check "the relay runs" wait_for 120 alice lenscap status
alice v4l2-ctl -d "$(node)" --stream-mmap >/dev/null 2>&1 &
check "the camera is on for who reads, with pictures" wait_for 180 status_says '"state":"live"'
worker=$(pgrep -u alice -f libexec/lenscap/lenscap-worker | tail -n 1)
gid=$(getent group lenscap-camera | cut -d: -f3)
check "the worker has the group alone" grep -qP "^Gid:(\t$gid){4}\$" "/proc/$worker/status"
check "the reader is known" wait_for 60 status_says '"name":"v4l2-ctl"'
refuse "the worker is no reader" status_says '"name":"lenscap'
note "$(alice lenscap status --json)"
pkill -u alice v4l2-ctl
check "the camera is off when nobody reads" wait_for 120 status_says '"live":false'
check "no camera process is left" wait_for 60 bash -c '! pgrep -u alice -f libexec/lenscap/lenscap-worker'
pkill -TERM -u alice -f 'lenscap run --headless'
check "the relay has ended" wait_for 60 bash -c '! pgrep -u alice -f "lenscap run --headless"'
# As with a vendor's library, the worker alone knows what it opened, and the relay may not look.
sed -i "s|^source.*|source = \"pipeline:v4l2src device=$raw\"|" /home/alice/.config/lenscap/config.toml
alice env LENSCAP_LOG=debug lenscap run --headless >"$FILES/debug.log" 2>&1 &
check "the relay runs with a pipeline" wait_for 120 alice lenscap status
alice v4l2-ctl -d "$(node)" --stream-mmap >/dev/null 2>&1 &
check "it is on again" wait_for 180 status_says '"state":"live"'
check "the worker says what it has open" grep -qF "the camera process has [\"${raw#/dev/}\"]" "$FILES/debug.log"
pkill -KILL -u alice -f 'lenscap run --headless'
check "a relay that is killed takes the camera with it" wait_for 60 bash -c '! pgrep -u alice -f libexec/lenscap/lenscap-worker'
pkill -u alice v4l2-ctl

# Where the program has not its group, that is said.
chmod 755 $program
check "the doctor says that we do not get it either" doctor_says nodes-hidden-from-us
alice lenscap run --headless >>"$FILES/relay.log" 2>&1 &
check "the relay runs again" wait_for 120 alice lenscap status
alice v4l2-ctl -d "$(node)" --stream-mmap >/dev/null 2>&1 &
check "the relay says why there is no camera" wait_for 120 status_says worker-without-group
pkill -u alice v4l2-ctl
pkill -TERM -u alice -f 'lenscap run --headless'
chmod 2755 $program

check "taken back" bash -c 'lenscap setup --undo --yes </dev/null'
check "the node is hers and its group's as before" raw_is_for video
check "installed again, an administrator's word about the program stays" bash -c "
  dpkg-statoverride --remove $program && dpkg-statoverride --update --add root root 755 $program &&
  dpkg --install $FILES/lenscap_*.deb && test \"\$(stat -c %G:%a $program)\" = root:755"
