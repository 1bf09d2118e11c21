#!/bin/bash
# `make lint`: formatting, clippy, where unsafe may stand, licences and sources of all crates, shell scripts.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
failed=()
run() { phase "$@" || failed+=("$1"); }

# Clippy demands a SAFETY comment at each (Cargo.toml); this keeps them in one module.
unsafe_in_sys() {
  ! grep -rnE '(^|[^_[:alnum:]])unsafe([[:space:]]*\{|[[:space:]]+(fn|impl|extern))' src --include='*.rs' |
    grep -vE '^src/sys/|^[^:]*:[0-9]+:[[:space:]]*//'
}
deny() {
  local advisories
  if ! cargo deny --version >/dev/null 2>&1; then
    PATH=$PWD/target/tools/bin:$PATH
    # no package has a current one; built once, kept under target/
    [ -x target/tools/bin/cargo-deny ] || cargo install --quiet --debug --locked --root target/tools cargo-deny || return
  fi
  cargo deny --locked --log-level error check bans licenses sources || return
  advisories=$(cargo deny --locked --log-level error check advisories 2>&1) && return
  if grep -qE 'failed to fetch advisory database' <<<"$advisories"; then
    echo "SKIP cargo deny check advisories: the advisory database cannot be fetched here"
  else
    echo "$advisories"
    return 1
  fi
}
shell() {
  local files
  mapfile -t files < <(git ls-files '*.sh' tests/vm/guest-init .ci/run 2>/dev/null || true)
  [ ${#files[@]} -gt 0 ] || mapfile -t files < <(find scripts tests -name '*.sh')
  command -v shellcheck >/dev/null || { echo "SKIP shellcheck: not installed (scripts/deps.sh test)"; return 0; }
  shellcheck --external-sources --severity=warning "${files[@]}"
}

scripts/deps.sh build || exit 1
run "format" cargo fmt --check
run "clippy" cargo clippy --locked --all-targets --quiet -- -D warnings
run "unsafe only in src/sys" unsafe_in_sys
run "crates" deny
run "shell scripts" shell
[ ${#failed[@]} = 0 ] || { printf 'lint: failed: %s\n' "${failed[@]}"; exit 1; }
echo "lint: clean"
