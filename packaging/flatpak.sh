#!/bin/bash
# `make flatpak`: builds the Flatpak from this directory instead of the release's tag, into target/packages/flatpak/lenscap.flatpak. Fetches the
# runtime from Flathub, for this user, where it is not there.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
command -v flatpak-builder >/dev/null || { echo "flatpak: flatpak-builder is missing: scripts/deps.sh lint installs it" >&2; exit 1; }
packaging/flatpak-sources.sh >/dev/null
out=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages/flatpak
id=io.github.lenscap.Lenscap
# This directory, without what was built in it.
sed "/- type: git/,/tag: /c\\      - type: dir\n        path: $PWD\n        skip: [target, .git]" "packaging/flatpak/$id.yml" >"$out/here.yml"
cd "$out"
flatpak remote-add --user --if-not-exists flathub https://dl.flathub.org/repo/flathub.flatpakrepo ||
  { echo "flatpak: Flathub cannot be reached, and its runtime is needed; try again with network" >&2; exit 1; }
flatpak-builder --user --install-deps-from=flathub --force-clean --state-dir="$out/state" --repo="$out/repo" "$out/build" here.yml
flatpak build-bundle repo lenscap.flatpak $id
ls "$out/lenscap.flatpak"
