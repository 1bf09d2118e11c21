# shellcheck shell=bash
# Packages of Debian's archive that are unpacked and not installed: apt with a root directory of its own, as whoever calls;
# signatures are verified. Sourced; who sources it has say, die, skip and need.

MIRROR=${LENSCAP_DEBIAN_MIRROR:-http://deb.debian.org}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# run COMMAND...: quietly; when it fails, one sentence, and "skip" where the network is to blame.
run() {
  local log=$APT.log why
  "$@" >"$log" 2>&1 && return
  why=$(grep -m1 -E '^(E|Err|W):' "$log" || head -n1 "$log")
  if grep -qE 'resolve|onnect|Network is unreachable|timed out|Failed to fetch' "$log"; then
    skip "no packages from $MIRROR ($why); try again with network"
  fi
  die "$1 failed: $why (whole output in $log)"
}

# apt_root DIRECTORY SUITES [SECURITY-SUITES]: reads the package lists; apt-get and apt-cache are about these from then on.
apt_root() {
  need apt-get apt-cache apt-config dpkg-deb
  [ -r "$KEYRING" ] || skip "missing on this machine: $KEYRING (package debian-archive-keyring); scripts/deps.sh test installs it"
  APT=$1
  rm -rf "$APT"
  mkdir -p "$APT"/etc/apt/{sources.list.d,apt.conf.d,preferences.d,trusted.gpg.d} \
    "$APT"/var/lib/{apt/lists/partial,dpkg} "$APT"/var/cache/apt/archives/partial "$APT/log"
  : >"$APT/var/lib/dpkg/status"
  {
    cat <<CONF
Dir "$APT";
Dir::State::status "$APT/var/lib/dpkg/status";
Dir::Log "$APT/log";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "$(id -un)";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
CONF
    # the host's proxies and its opinion of clocks hold here too
    apt-config dump | grep -E '^Acquire::(https?::.*Proxy|Check-|ForceIP)' || true
  } >"$APT/apt.conf"
  export APT_CONFIG=$APT/apt.conf
  {
    printf 'Types: deb\nURIs: %s/debian\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$MIRROR" "$2" "$KEYRING"
    [ -z "${3:-}" ] ||
      printf '\nTypes: deb\nURIs: %s/debian-security\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$MIRROR" "$3" "$KEYRING"
  } >"$APT/etc/apt/sources.list.d/debian.sources"
  say "reading the package lists of $MIRROR"
  run apt-get -qq update
}
