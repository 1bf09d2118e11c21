#!/bin/bash
# `make nix-check`: whether the files for Nix can be read, and, where nixpkgs is at hand, evaluated. Nothing is built.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
command -v nix-instantiate >/dev/null || { echo "SKIP nix: nix-instantiate is not installed (Debian: the package nix-bin)"; exit 0; }
for file in packaging/nix/*.nix; do nix-instantiate --parse "$file" 2>&1 >/dev/null | grep -v build-users-group >&2 || [ "${PIPESTATUS[0]}" = 0 ]; done
if nix-instantiate --find-file nixpkgs >/dev/null 2>&1; then
  nix-instantiate --eval -E '((import <nixpkgs> { }).callPackage ./packaging/nix/package.nix { }).drvPath' >/dev/null
  echo "nix: read and evaluated"
else
  echo "nix: read; not evaluated, for there is no nixpkgs"
fi
