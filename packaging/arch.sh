#!/bin/bash
# `make arch`: packs what `make build` made into target/packages/arch/*.pkg.tar.zst. Nothing is compiled.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
command -v makepkg >/dev/null || { echo "arch: makepkg is missing (Debian: the packages makepkg and pacman-package-manager)" >&2; exit 1; }
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
out=$target/packages
rm -rf "$out/arch" "$out/work"
mkdir -p "$out/arch" "$out/work"
cp packaging/arch/{PKGBUILD,lenscap.install} "$out/work"
as=()
# makepkg does not run as root.
if [ "$(id -u)" = 0 ]; then
  chown -R nobody "$out/work"
  as=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
fi
date=$(sed -n 's/.*<release version="[^"]*" date="\([^"]*\)".*/\1/p' "data/io.github.lenscap.Lenscap.metainfo.xml.in" | head -n 1)
# Its dependencies are Arch's, and may not be here (--nodeps).
(cd "$out/work" && "${as[@]}" env HOME="$out/work" LC_ALL=C.UTF-8 TZ=UTC LENSCAP_SOURCE="$OLDPWD" CARGO_TARGET_DIR="$target" PKGDEST="$out/work" \
  PKGEXT=.pkg.tar.zst PACKAGER="The Lenscap developers <lenscap@users.noreply.github.com>" SOURCE_DATE_EPOCH="$(date -u -d "$date" +%s)" \
  makepkg --nodeps >"$out/arch.log" 2>&1) ||
  { tail -n 30 "$out/arch.log" >&2; echo "arch: could not be built; the whole log is $out/arch.log" >&2; exit 1; }
mv "$out"/work/*.pkg.tar.* "$out/arch"
rm -rf "$out/work"
ls "$out"/arch/*.pkg.tar.*
