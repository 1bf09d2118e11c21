#!/bin/sh
# Runs in a minimal Debian that has the packages in /deb: installs, tries and purges them. Prints PASS, FAIL and REPORT lines.
# Its home is a place that nobody looks at for what is left.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/tmp
failed=0
# passes NAME COMMAND...: what the command says is shown where it fails.
passes() {
  name=$1
  shift
  if said=$("$@" 2>&1); then echo "PASS $name"
  else
    echo "FAIL $name"
    echo "$said" | tail -n 30
    failed=1
  fi
}
apt() { apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"; }
# All that an administrator would look at: the system's files, without logs, caches and what packages write down of themselves.
files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /deb -o -path /tmp -o -path /var/cache -o -path /var/log \
    -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -print | sort
}
size() { dpkg-query -W -f '${Installed-Size}\n' | awk '{ kib += $1 } END { print int(kib / 1024) }'; }
# What the package of this file asks for, but for lenscap, and nothing of Lenscap's yet.
dependencies() {
  apt satisfy --no-install-recommends "$(dpkg-deb -f "$1" Depends | sed 's/lenscap ([^)]*), //')" && files >/tmp/before
}
needed() { dependencies /deb/lenscap_*.deb && ! dpkg-query -W -f '${Package}\n' 'libgtk-4*' 'libadwaita*' 2>/dev/null | grep .; }
relay_alone() { apt install --no-install-recommends /deb/lenscap_*.deb; }
programs_find_their_libraries() {
  for program in /usr/bin/lenscap /usr/libexec/lenscap/*; do
    ldd "$program" | grep 'not found' && return 1
  done
  lenscap --version
}
# Nothing is right here, neither module nor camera: it says so, by exit status 1, in words and for programs.
doctor() {
  lenscap doctor >/tmp/doctor 2>&1
  [ $? = 1 ] && grep -q v4l2loopback /tmp/doctor && ! grep -q panicked /tmp/doctor || { cat /tmp/doctor; return 1; }
  lenscap doctor --json | grep -q '"ok":false'
}
worker_lists_cameras() { lenscap cameras --json | grep -q '"raw_nodes": 0'; }
no_window() {
  said=$(lenscap preferences 2>&1)
  [ "$said" = "lenscap: Lenscap's window is not installed: install the package lenscap-preferences." ] || { echo "$said"; return 1; }
}
not_enabled() {
  [ -e /usr/lib/systemd/user/lenscap.service ] || return 1
  ! find /etc/systemd /usr/lib/systemd /var/lib/systemd \( -path '*.wants/*' -o -name '*enabled*' \) -name '*lenscap*' | grep .
}
needed_by_both() { dependencies /deb/lenscap-preferences_*.deb; }
units_are_off() {
  [ -e /usr/lib/systemd/system/lenscap-device.service ] && [ -e /usr/lib/systemd/system/lenscap-further-devices.service ] && ! find /etc/systemd -name 'lenscap*' | grep .
}
# As it is unpacked it has no right to anything; the package's scripts give it its group, each time.
hidden_cameras_program() { [ "$(stat -c %U:%G:%a /usr/libexec/lenscap/lenscap-raw-cameras)" = root:lenscap-camera:2755 ]; }
installed_again() { apt install --reinstall --no-install-recommends /deb/lenscap_*.deb && hidden_cameras_program; }
no_override() { ! dpkg-statoverride --list | grep lenscap; }
both_packages() { apt install --no-install-recommends /deb/*.deb && /usr/libexec/lenscap/lenscap-preferences --version; }
purged() { apt purge 'lenscap*' && files | diff /tmp/before -; }

apt update >/dev/null 2>&1
bare=$(size)
passes "what lenscap needs has nothing of GTK" needed
passes "lenscap installs" relay_alone
echo "REPORT lenscap with what it needs: $(($(size) - bare)) MB more than the bare $bare MB"
passes "each program finds its libraries" programs_find_their_libraries
passes "the doctor looks and says what is missing" doctor
passes "the worker lists cameras" worker_lists_cameras
passes "without its window lenscap says which package has it" no_window
passes "the user's unit is there and not enabled" not_enabled
passes "the system's units are there and not enabled" units_are_off
passes "the program for hidden cameras has its group" hidden_cameras_program
passes "it has it after another installation" installed_again
passes "lenscap purged, nothing is left" purged
passes "nor an override of its mode" no_override
passes "what lenscap-preferences needs" needed_by_both
passes "both install and start" both_packages
echo "REPORT with lenscap-preferences: $(($(size) - bare)) MB"
passes "both purged, nothing is left" purged
exit $failed
