#!/bin/bash
# `make gnome-extension`: the extension for GNOME's quick settings with its translations, in target/packages/*.shell-extension.zip,
# for `gnome-extensions install`. Packages and `make install` have it already.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
for tool in msgfmt python3; do
  command -v $tool >/dev/null || { echo "gnome-extension: $tool is missing: install gettext and python3" >&2; exit 1; }
done
uuid=lenscap@lenscap.github.io
out=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages
work=$out/work/$uuid
rm -rf "$work"
mkdir -p "$work"
cp data/gnome-shell/$uuid/* "$work"
for language in $(cat po/LINGUAS); do
  mkdir -p "$work/locale/$language/LC_MESSAGES"
  msgfmt -o "$work/locale/$language/LC_MESSAGES/lenscap.mo" "po/$language.po"
done
(cd "$work" && python3 -m zipfile -c "$out/$uuid.shell-extension.zip" ./*)
rm -rf "$out/work"
echo "$out/$uuid.shell-extension.zip"
