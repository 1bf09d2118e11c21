#!/bin/bash
# The packages tier: the .debs of `make deb`, installed in minimal systems, tried there, and purged again; the packages of `make rpm` and
# `make arch` are only put into an empty root and taken out of it, where rpm and pacman are installed.
#   tests/packages/run.sh [debian12|debian13|ubuntu24.04|rpm|arch]...
# Needs root, or a user with subordinate ids; network, but for what lies in target/packages/archives since the last time. Prints
# a line per test, and at the end
#   packages tier: N passed, N failed, N skipped
# Fails when a test failed.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../../scripts/common.sh"
TIER=packages
# shellcheck source=tests/lib.sh
. tests/lib.sh
DEBIAN=${LENSCAP_DEBIAN_MIRROR:-http://deb.debian.org}/debian
UBUNTU=${LENSCAP_UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}
out=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages
logs=target/test-logs/packages
mkdir -p $logs
[ $# -gt 0 ] || set -- debian12 debian13 ubuntu24.04 rpm arch

passed=0 failed=0 skipped=0
for tool in mmdebstrap dh apt-get msgfmt; do
  command -v $tool >/dev/null && continue
  echo "SKIP packages tier: missing on this machine: $tool; scripts/deps.sh build test installs it"
  skipped=1
  result $passed $failed $skipped
done
# What is compiled is compiled once for all systems, here.
phase "release binaries" scripts/build.sh --quiet && phase "deb" make --silent deb || { echo "FAIL packages tier: no packages were built"; failed=1; result $passed $failed $skipped; }

skip_one() { echo "SKIP $*"; skipped=$((skipped + 1)); }

# system_of NAME: sets suite, mirror, keyring and components of a system.
system_of() {
  mirror=$DEBIAN keyring=/usr/share/keyrings/debian-archive-keyring.gpg components=main
  case $1 in
    debian12) suite=bookworm ;;
    debian13) suite=trixie ;;
    ubuntu24.04) suite=noble mirror=$UBUNTU keyring=$out/ubuntu-archive-keyring.gpg components=main,universe ;;
    *) return 1 ;;
  esac
}

# ubuntu_keyring: Ubuntu's keys, which Debian 12 has no package of: those of Debian 13's, whose archive is known to be Debian's.
ubuntu_keyring() (
  [ ! -e "$out/ubuntu-archive-keyring.gpg" ] || exit 0
  # shellcheck source=tests/apt.sh
  . tests/apt.sh
  apt_root "$out/work/apt" trixie
  cd "$APT" || exit 1
  run apt-get -qq download ubuntu-keyring
  dpkg-deb --fsys-tarfile ubuntu-keyring_*.deb | tar -xO ./usr/share/keyrings/ubuntu-archive-keyring.gpg >"$APT/keys"
  mv "$APT/keys" "$out/ubuntu-archive-keyring.gpg"
  rm -rf "$APT"
)

# in_system NAME: a whole root for this one command; kept are only the packages that it is made of. Exit status and seconds in NAME.ended.
in_system() {
  local suite mirror keyring components log=$logs/$1.log archives rc=0 start=$SECONDS
  system_of "$1"
  archives=$out/archives/$suite
  mkdir -p "$archives"
  mmdebstrap --variant=apt --mode=auto --components="$components" --keyring="$keyring" --skip=essential/unlink,cleanup/apt,cleanup/reproducible \
    --setup-hook='mkdir -p "$1/var/cache/apt/archives"' --setup-hook="sync-in '$archives' /var/cache/apt/archives" \
    --customize-hook="copy-in '$out/deb' tests/packages/in-root.sh /" \
    --customize-hook='chroot "$1" sh /in-root.sh' \
    --customize-hook="sync-out /var/cache/apt/archives '$archives'" \
    "$suite" /dev/null "$mirror" >"$log" 2>&1 || rc=$?
  echo "$rc $((SECONDS - start))" >"$logs/$1.ended"
}

# judge NAME: what came of it, from its log.
judge() {
  local log=$logs/$1.log p f rc seconds
  read -r rc seconds <"$logs/$1.ended"
  sed -n "s/^\(PASS\|FAIL\|REPORT\) /\1 $1: /p" "$log"
  p=$(grep -c '^PASS ' "$log") f=$(grep -c '^FAIL ' "$log")
  if [ "$p$f" = 00 ] && grep -qE 'Could not resolve|Could not connect|Network is unreachable|timed out' "$log"; then
    skip_one "$1: no packages from its archive; try again with network"
  elif [ "$rc" != 0 ]; then
    if [ "$f" = 0 ]; then echo "FAIL $1: ended with exit status $rc before the last test"; f=1; fi
    tail -n 40 "$log"
  fi
  passed=$((passed + p)) failed=$((failed + f))
  echo "$1: $seconds s"
}

# in_empty_root NAME INSTALL REMOVE: what it put is all gone again. Nothing is started: its libraries are not there.
in_empty_root() {
  local root log=$logs/$1.log
  [ "$(id -u)" = 0 ] || { skip_one "$1: only root can install into another root"; return; }
  root=$(mktemp -d)
  if make --silent "$1" >"$log" 2>&1 && "$2" "$root" >>"$log" 2>&1 && [ -x "$root/usr/bin/lenscap" ] && [ -x "$root/usr/libexec/lenscap/lenscap-preferences" ] &&
    "$3" "$root" >>"$log" 2>&1 && ! find "$root" -iname '*lenscap*' | tee -a "$log" | grep .; then
    echo "PASS $1: built, put and removed, nothing is left" | tee -a "$log"
    passed=$((passed + 1))
  else
    tail -n 30 "$log"
    echo "FAIL $1: built, put and removed, nothing is left" | tee -a "$log"
    failed=$((failed + 1))
  fi
  rm -rf "$root"
}
rpm_put() { rpm --root "$1" --initdb && rpm --root "$1" --install --nodeps --noscripts "$out"/rpm/*.rpm; }
rpm_remove() { rpm --root "$1" --erase --noscripts lenscap-preferences lenscap; }
pacman_at() { pacman --root "$1" --dbpath "$1/db" --hookdir "$1/none" --cachedir "$1/none" --noconfirm --noscriptlet -dd "${@:2}"; }
arch_put() { mkdir "$1/db" "$1/none" && pacman_at "$1" --upgrade "$out"/arch/*.pkg.tar.*; }
arch_remove() { pacman_at "$1" --remove lenscap; }

# The systems at the same time: most of it is waiting for the network and the disk.
started=()
for system; do
  system_of "$system" || continue
  [ "$system" != ubuntu24.04 ] || ubuntu_keyring
  [ -r "$keyring" ] || { skip_one "$system: missing on this machine: $keyring"; continue; }
  in_system "$system" &
  started+=("$system")
done
for system; do
  case $system in
    rpm) if command -v rpmbuild >/dev/null; then in_empty_root rpm rpm_put rpm_remove; else skip_one "rpm: rpmbuild is not installed"; fi ;;
    arch) if command -v makepkg pacman >/dev/null; then in_empty_root arch arch_put arch_remove; else skip_one "arch: makepkg or pacman is not installed"; fi ;;
    *) system_of "$system" || die "unknown system $system; there are debian12, debian13, ubuntu24.04, rpm and arch" ;;
  esac
done
wait
for system in "${started[@]}"; do judge "$system"; done
result $passed $failed $skipped
