# shellcheck shell=bash disable=SC2154
# Installs the package; nothing happens yet.
check "the package installs" dpkg --install "$FILES"/lenscap_*.deb
systemctl daemon-reload
refuse "nothing is enabled by the installation" systemctl is-enabled lenscap-device.service
check "the module waits for a word" test ! -e /sys/module/v4l2loopback
