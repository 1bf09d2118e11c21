#!/bin/bash
# `make reproducible`: whether what is built here and what is built elsewhere, by a Cargo with another home, is the same byte for byte,
# the Debian packages too where they can be made; and whether a path of this machine is in it. The other build is of the same files, takes as
# long as a first one, and is removed afterwards.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")
home=${CARGO_HOME:-$HOME/.cargo}
other=$(mktemp -d "${TMPDIR:-/var/tmp}/lenscap-elsewhere.XXXXXX")
trap 'rm -rf "$other"' EXIT

build() { scripts/build.sh --quiet && { ! command -v dh >/dev/null || packaging/deb.sh >/dev/null; }; }
# sums TARGET: of all that gets into a package.
sums() {
  (cd "$1" && sha256sum release/lenscap release/lenscap-{applet,worker,preferences,pipewire,cards,setup} && find packages/deb -name '*.deb' 2>/dev/null | sort | xargs -r sha256sum &&
    find release/installed -type f | sort | xargs sha256sum | sha256sum | sed 's/ -/ completions, manual pages, translations/')
}

phase "here" build
git ls-files -z | xargs -0 cp --parents --no-dereference -t "$other"
mkdir "$other/cargo-home"
# What is fetched already need not be again; where it lies is what matters.
cp -r "$home/registry" "$other/cargo-home"
(
  cd "$other"
  unset CARGO_TARGET_DIR
  CARGO_HOME=$other/cargo-home phase "elsewhere" bash -c "$(declare -f build); build"
)
sums "$target" | tee "$target/reproducible"
sums "$other/target" | diff "$target/reproducible" - || { echo "reproducible: not the same" >&2; exit 1; }
if grep -alE "$(printf '%s|' "$PWD/" "$target/" "$home/" "$HOME/")$other" "$target"/release/lenscap "$target"/release/lenscap-{applet,worker,preferences,pipewire,cards,setup}; then
  echo "reproducible: these hold a path of this machine" >&2
  exit 1
fi
echo "reproducible: the same, byte for byte, with no path of this machine"
