#!/bin/bash
# `make lint`: formatting, clippy, licences and sources of all crates, shell scripts, the files for
# the desktop, the translations. A warning fails like an error; what is not installed is skipped by name.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
failed=()
run() { phase "$@" || failed+=("$1"); }

deny() {
  local version=0.20.2
  PATH=$PWD/target/tools/bin:$PATH
  if [ "$(cargo deny --version 2>/dev/null)" != "cargo-deny $version" ]; then
    # no distribution has a current one; built once, kept under target/
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --root target/tools "cargo-deny@$version" || return
  fi
  cargo deny --locked --log-level error check bans licenses sources
}
# RUSTSEC's advisories on all crates, unmaintained and withdrawn ones.
advisories() {
  local said
  PATH=$PWD/target/tools/bin:$PATH
  cargo deny --version >/dev/null 2>&1 || { echo "SKIP advisories: there is no cargo-deny"; return 0; }
  said=$(cargo deny --locked --log-level error check advisories 2>&1) && return
  if ! grep -q 'failed to fetch advisory database' <<<"$said"; then
    echo "$said"
    return 1
  fi
  echo "SKIP RUSTSEC advisories: their database cannot be fetched from GitHub here; withdrawn crates are looked for"
  # The same with a database about a crate that is none: which crates were withdrawn is known from crates.io.
  mkdir -p "$scratch/none/crates/none"
  printf '```toml\n[advisory]\nid = "RUSTSEC-2000-0001"\npackage = "none"\ndate = "2000-01-01"\n[versions]\npatched = []\n```\n\n# None\n\nNone.\n' \
    >"$scratch/none/crates/none/RUSTSEC-2000-0001.md"
  git -C "$scratch/none" init -q -b main
  git -C "$scratch/none" add crates
  git -C "$scratch/none" -c user.name=none -c user.email=none commit -q -m none
  sed "/^\[advisories\]/a db-path = \"$scratch/advisories\"" deny.toml >"$scratch/deny.toml"
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$scratch/none.insteadOf" GIT_CONFIG_VALUE_0=https://github.com/RustSec/advisory-db \
    cargo deny --locked --log-level error --config "$scratch/deny.toml" check advisories
}
# What no build above looks at: formatting and lock file.
fuzzing() {
  rustfmt --check --edition 2024 fuzz/fuzz_targets/*.rs || return
  cargo metadata --quiet --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
}
shell() {
  local files
  mapfile -t files < <(git ls-files '*.sh' run test tests/vm/guest-init .ci/run 2>/dev/null || true)
  [ ${#files[@]} -gt 0 ] || mapfile -t files < <(find scripts tests packaging -name '*.sh')
  command -v shellcheck >/dev/null || { echo "SKIP shellcheck: not installed (scripts/deps.sh lint)"; return 0; }
  shellcheck --external-sources --severity=warning "${files[@]}"
}

id=io.github.lenscap.Lenscap
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# has TOOL: whether it is here; says so where it is not.
has() { command -v "$1" >/dev/null || { echo "SKIP $1: not installed (scripts/deps.sh lint)"; return 1; }; }
# silent COMMAND...: fails when it says anything, whatever its exit status.
silent() {
  local said rc=0
  said=$("$@" 2>&1) || rc=$?
  [ -z "$said" ] || { echo "$said"; rc=1; }
  return $rc
}
desktop_files() {
  has desktop-file-validate && has msgfmt || return 0
  local name rc=0
  for name in "$id" "$id-autostart"; do
    # As `make install` puts them.
    msgfmt -d po --desktop --template="data/$name.desktop.in" -o "$scratch/$name.desktop" || rc=1
    silent desktop-file-validate "$scratch/$name.desktop" || rc=1
  done
  return $rc
}
metainfo() {
  has appstreamcli && has msgfmt || return 0
  local said
  msgfmt -d po --xml --template="data/$id.metainfo.xml.in" -o "$scratch/$id.metainfo.xml" || return
  said=$(appstreamcli validate --no-net --explain "$scratch/$id.metainfo.xml" 2>&1) || { echo "$said"; return 1; }
  # Its infos are opinions; its warnings are not.
  ! grep -E '^(W|E):' <<<"$said"
}
unit() {
  has systemd-analyze || return 0
  # The programs they start have to be there.
  mkdir -p "$scratch/bin" "$scratch/run"
  local program unit
  for program in lenscap lenscap-setup; do
    printf '#!/bin/sh\n' >"$scratch/bin/$program" && chmod +x "$scratch/bin/$program"
  done
  for unit in lenscap lenscap-setup lenscap-device lenscap-further-devices; do
    sed "s#@bindir@\|@libexecdir@#$scratch/bin#" "data/$unit.service.in" >"$scratch/$unit.service"
  done
  XDG_RUNTIME_DIR=$scratch/run silent systemd-analyze --user --man=no verify "$scratch/lenscap.service" || return
  silent systemd-analyze --man=no verify "$scratch"/lenscap-{setup,device,further-devices}.service
}
interface() {
  local rc=0
  # Its document type is known by name only here: nothing is fetched.
  if has xmllint; then silent xmllint --nonet --noout data/*.xml data/*.xml.in data/*.conf data/*.policy icons/hicolor/*/apps/*.svg || rc=1; fi
  if has gdbus-codegen; then
    silent gdbus-codegen --generate-docbook "$scratch/doc" --output-directory "$scratch" "data/$id.xml" || rc=1
    # Members without an explanation get an empty paragraph.
    ! grep -lzE '<para>\s*</para>' "$scratch"/doc-*.xml || rc=1
  fi
  return $rc
}
man_pages() {
  has man || return 0
  local page said rc=0
  for page in data/*.[18]; do
    said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)
    [ -z "$said" ] || { echo "$page: $said"; rc=1; }
  done
  return $rc
}
# The packages that `make deb` made; nothing is built for this.
debian_packages() {
  local packages
  packages=$(find "${CARGO_TARGET_DIR:-target}/packages/deb" -name '*.deb' 2>/dev/null)
  [ -n "$packages" ] || { echo "SKIP lintian: there are no packages yet (make build deb)"; return 0; }
  has lintian || return 0
  # What is not for Debian's archive closes no bug there.
  # shellcheck disable=SC2086
  lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs $packages
}
spec_file() {
  has rpmlint || return 0
  local said
  said=$(rpmlint --config packaging/rpm/rpmlint.toml packaging/rpm/lenscap.spec 2>&1) && grep -q ' 0 errors, 0 warnings' <<<"$said" || { echo "$said"; return 1; }
}
flatpak_manifest() {
  has flatpak-builder || return 0
  local said
  cp "packaging/flatpak/$id.yml" "$scratch"
  # Made from Cargo.lock by `make flatpak-sources`.
  echo '[{ "type": "file", "path": "Cargo.lock" }]' >"$scratch/cargo-sources.json"
  said=$(cd "$scratch" && flatpak-builder --show-manifest "$id.yml" 2>&1 >/dev/null) || { echo "$said"; return 1; }
  ! grep -E 'WARNING|rror' <<<"$said"
}
translations() {
  has msgfmt || return 0
  local language rc=0
  for language in $(cat po/LINGUAS); do
    # In this locale its remarks can be told from its count of texts.
    silent env LC_ALL=C msgfmt --check -o /dev/null "po/$language.po" || rc=1
  done
  silent env LC_ALL=C msgfmt --check-format -o /dev/null po/lenscap.pot || rc=1
  return $rc
}

scripts/deps.sh build || exit 1
scripts/deps.sh lint || echo "lint: not every tool is here; what needs one will be skipped by name"
run "format" cargo fmt --check
run "clippy" cargo clippy --locked --all-targets --quiet -- -D warnings
run "crates" deny
run "advisories" advisories
run "fuzz targets" fuzzing
run "shell scripts" shell
run "desktop files" desktop_files
run "metainfo" metainfo
run "systemd unit" unit
run "D-Bus interface and icons" interface
run "man pages" man_pages
run "Debian packages" debian_packages
run "Fedora spec file" spec_file
run "Flatpak manifest" flatpak_manifest
run "files for Nix" packaging/nix-check.sh
run "versions" scripts/release.sh check
run "translations" translations
[ ${#failed[@]} = 0 ] || { printf 'lint: failed: %s\n' "${failed[@]}"; exit 1; }
echo "lint: clean"
