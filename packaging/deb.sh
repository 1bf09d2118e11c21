#!/bin/bash
# `make deb`: packs what `make build` made into target/packages/deb/*.deb. Nothing is compiled; nothing of this machine gets in.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
for tool in dpkg-buildpackage dh; do
  command -v $tool >/dev/null || { echo "deb: $tool is missing: apt install debhelper dpkg-dev" >&2; exit 1; }
done
out=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages
work=$out/work/deb
rm -rf "$work" "$out/deb"
mkdir -p "$work" "$out/deb"
cp -r packaging/debian "$work"
# The programs asked for are there already, so their -dev packages need not be (-d).
(cd "$work" && LENSCAP_SOURCE=$OLDPWD LC_ALL=C.UTF-8 TZ=UTC dpkg-buildpackage --build=binary --no-sign --unsigned-changes \
  -d --host-arch "${DEB_HOST_ARCH:-$(dpkg --print-architecture)}" >"$out/deb.log" 2>&1) ||
  { tail -n 30 "$out/deb.log" >&2; echo "deb: could not be built; the whole log is $out/deb.log" >&2; exit 1; }
mv "$work"/../*.deb "$out/deb"
rm -rf "$out/work"
ls "$out"/deb/*.deb
