#!/bin/bash
# `make build`, without a look at what is installed: the release binaries, and beside them what they are installed with (completions, manual pages,
# translations). Arguments are Cargo's, such as --offline.
# No path of this machine is in the binaries, and in whatever directory they are built they are the same, byte for byte:
# `make reproducible` shows it.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
target=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")

# Of several that fit the last holds: Cargo's home may lie in here. Cargo makes flags that remap paths no part of the names of
# symbols, so these may differ.
read -ra flags <<<"${RUSTFLAGS:-}"
flags+=("--remap-path-prefix=$PWD=/lenscap" "--remap-path-prefix=$target=/lenscap/target"
  "--remap-path-prefix=$(realpath --canonicalize-missing "${CARGO_HOME:-$HOME/.cargo}")=/cargo")
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS

xtask=(-p lenscap-xtask)
if [ -n "${CARGO_BUILD_TARGET:-}" ]; then
  # What runs here is built for here.
  env -u CARGO_BUILD_TARGET cargo build --release --locked "$@" "${xtask[@]}"
  xtask=()
fi
cargo build --release --locked "$@" "${programs[@]}" "${xtask[@]}"
rm -rf "$target/release/installed"
"$target/release/lenscap-xtask" "$target/release/installed"
