# shellcheck shell=bash disable=SC2154,SC2034
# After a restart of the computer the device is there, for who sits at it.
check "there is a device after the restart" node
note "devices: $(nodes); $(cut -d' ' -f1 /proc/uptime) s"
check "its unit is well" systemctl is-active lenscap-device.service
check "there are further ones after the restart" further_nodes
check "their unit is well" systemctl is-active lenscap-further-devices.service
check "alice logs in" alice_logs_in
check "alice may use it" wait_for 30 has_acl alice
refuse "bob may not use the device" as bob v4l2-ctl -d "$(node)" --info
check "restarting the unit is no second device" bash -c "before=\$(cat /sys/class/video4linux/*/name); systemctl restart lenscap-device.service; test \"\$before\" = \"\$(cat /sys/class/video4linux/*/name)\""
check "taken back" alice lenscap setup --undo --yes
refuse "the device is gone" node
check "and so are the further ones" no_further_node
tree /var/after-undo
check "the files are as before" diff /var/before-setup /var/after-undo
check "taken back once more" alice lenscap setup --undo --yes
tree /var/after-second-undo
check "the files are as before, again" diff /var/before-setup /var/after-second-undo
