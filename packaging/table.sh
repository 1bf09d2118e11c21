#!/bin/bash
# `make packages`: makes all packages that this machine has the tools for, of what `make build` made, and prints a table of them. What the
# last `make test TIERS=packages` said of each system is in it.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
out=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages
for kind in deb rpm arch flatpak-sources; do packaging/$kind.sh >/dev/null || echo "SKIP $kind"; done
installed_size() { # KiB
  case $1 in
    *.deb) dpkg-deb -f "$1" Installed-Size ;;
    *.rpm) rpm -qp --queryformat '%{SIZE}' "$1" | awk '{ print int($1 / 1024) }' ;;
    *.pkg.tar.*) tar -xOf "$1" .PKGINFO | awk '/^size/ { print int($3 / 1024) }' ;;
  esac
}
echo "| package | size | installed | sha256 |"
echo "|---|---|---|---|"
for file in "$out"/{deb/*.deb,rpm/*.rpm,arch/*.pkg.tar.*}; do
  [ -e "$file" ] || continue
  printf '| %s | %s kB | %s kB | `%s` |\n' "$(basename "$file")" "$(($(stat -c %s "$file") / 1024))" "$(installed_size "$file")" "$(sha256sum <"$file" | cut -c1-64)"
done
echo
echo "| system | tests passed | failed |"
echo "|---|---|---|"
for log in target/test-logs/packages/*.log; do
  [ -e "$log" ] || continue
  printf '| %s | %s | %s |\n' "$(basename "$log" .log)" "$(grep -c '^PASS ' "$log")" "$(grep -c '^FAIL ' "$log")"
done
