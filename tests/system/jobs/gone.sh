# shellcheck shell=bash disable=SC2154,SC2034
# After a restart nothing is left of it.
refuse "there is no device after the restart" node
check "the module is not loaded" test ! -e /sys/module/v4l2loopback
