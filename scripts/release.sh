#!/bin/bash
# A release, in the order of its steps; any continuous integration can run the last one.
#   scripts/release.sh check              whether all files name the version of Cargo.toml; `make lint` asks it, too
#   scripts/release.sh version X.Y.Z      writes a new version into all of them, and today's date
#   scripts/release.sh tag                commits are all there, the checks hold: the signed tag vX.Y.Z
#   scripts/release.sh build              from the tag: packages, source, SBOM and checksums, in target/release-X.Y.Z; nothing is published
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
die() { echo "release: $*" >&2; exit 1; }
metainfo=data/io.github.lenscap.Lenscap.metainfo.xml.in
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)

# places VERSION: each file that names the version, and the text by which it does.
places() {
  cat <<PLACES
packaging/debian/changelog	lenscap ($1-
packaging/rpm/lenscap.spec	Version:        $1
packaging/arch/PKGBUILD	pkgver=$1
packaging/nix/package.nix	version = "$1";
packaging/flatpak/io.github.lenscap.Lenscap.yml	tag: v$1
data/lenscap.1	"lenscap $1"
data/lenscap-programs.8	"lenscap $1"
$metainfo	<release version="$1"
$metainfo	/lenscap/v$1/data/screenshots/
PLACES
}

check() {
  local file text rc=0
  while IFS=$'\t' read -r file text; do
    # The first that names a version has to name this one; older ones may follow.
    grep -qF -- "$text" "$file" || { echo "release: $file does not say: $text" >&2; rc=1; }
  done < <(places "$version")
  head -n 1 packaging/debian/changelog | grep -qF "($version-" || { echo "release: the newest entry of packaging/debian/changelog is not $version" >&2; rc=1; }
  sed -n '/<release /{p;q}' "$metainfo" | grep -qF "\"$version\"" || { echo "release: the newest release in $metainfo is not $version" >&2; rc=1; }
  return $rc
}

set_version() {
  local new=$1 today file old_text new_text
  [[ $new =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "a version has three numbers, as 1.2.3; \"$new\" has not"
  today=$(date -u +%Y-%m-%d)
  sed -i "s/\"$version\", path = /\"$new\", path = /; /^\[workspace.package\]/,/^\[/s/^version = .*/version = \"$new\"/" Cargo.toml
  paste <(places "$version") <(places "$new" | cut -f 2) | while IFS=$'\t' read -r file old_text new_text; do
    case $file in
      # A new entry on top.
      packaging/debian/changelog)
        printf 'lenscap (%s-1) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- The Lenscap developers <lenscap@users.noreply.github.com>  %s\n\n' "$new" "$(LC_ALL=C date -uR)" |
          cat - "$file" >"$file.new" && mv "$file.new" "$file" ;;
      "$metainfo")
        case $old_text in
          '<release'*) sed -i "s|^\( *\)<releases>|&\n\1  <release version=\"$new\" date=\"$today\"/>|" "$file" ;;
          *) OLD=$old_text NEW=$new_text perl -pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/' "$file" ;;
        esac ;;
      *) OLD=$old_text NEW=$new_text perl -pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/' "$file" ;;
    esac
  done
  sed -i "s/^\.TH \([A-Z-]*\) \([18]\) \"[^\"]*\"/.TH \1 \2 \"$today\"/" data/*.[18]
  sed -i "s/^%changelog/&\n* $(LC_ALL=C date -u '+%a %b %d %Y') The Lenscap developers <lenscap@users.noreply.github.com> - $new-1\n- See CHANGELOG.md.\n/" packaging/rpm/lenscap.spec
  sed -i "s/^## Unreleased$/&\n\n## $new ($today)/" CHANGELOG.md
  for manifest in Cargo.toml fuzz/Cargo.toml; do cargo update --quiet --workspace --offline --manifest-path $manifest; done
  echo "release: $new is written; look at it (git diff), say in the metainfo what is new, commit, and: scripts/release.sh tag"
}

ready() {
  check || die "the versions do not agree"
  grep -q "^## $version " CHANGELOG.md || die "CHANGELOG.md has no heading \"## $version (DATE)\""
  [ -z "$(git status --porcelain)" ] || die "there are changes that are not committed"
}

build() {
  ready
  [ "$(git rev-parse HEAD)" = "$(git rev-parse --quiet --verify "refs/tags/v$version^{commit}")" ] || die "this is not the commit of the tag v$version"
  local out=target/release-$version
  rm -rf "$out"
  mkdir -p "$out"
  git archive --format=tar.gz --prefix="lenscap-$version/" -o "$out/lenscap-$version.tar.gz" HEAD
  scripts/build.sh
  packaging/deb.sh
  packaging/rpm.sh
  packaging/arch.sh
  packaging/flatpak-sources.sh
  cp target/packages/deb/*.deb target/packages/rpm/*.rpm target/packages/arch/*.pkg.tar.* "$out"
  tar -C target/packages/flatpak -czf "$out/flatpak-$version.tar.gz" io.github.lenscap.Lenscap.yml cargo-sources.json exceptions.json
  sbom "$out"
  (cd "$out" && sha256sum -- * >SHA256SUMS)
  echo "release: $out; its checksums are to be signed: gpg --detach-sign --armor $out/SHA256SUMS"
}

# sbom DIRECTORY: what is linked into each program, as CycloneDX. The tool writes beside every manifest, so it gets a copy.
sbom() {
  local cyclonedx=0.5.9 copy program tools=$PWD/target/tools
  [ "$("$tools/bin/cargo-cyclonedx" cyclonedx --version 2>/dev/null)" = "cargo-cyclonedx-cyclonedx $cyclonedx" ] ||
    cargo install --quiet --debug --locked --root "$tools" "cargo-cyclonedx@$cyclonedx"
  copy=$(mktemp -d)
  git archive HEAD | tar -x -C "$copy"
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) PATH=$tools/bin:$PATH cargo cyclonedx --quiet --format json --spec-version 1.5 --target all \
    --no-build-deps --manifest-path "$copy/Cargo.toml" --override-filename sbom
  for program in "${programs[@]}"; do
    case $program in
      -p) continue ;;
      lenscap) cp "$copy/sbom.json" "$1/$program-$version.cdx.json" ;;
      *) cp "$copy/crates/${program#lenscap-}/sbom.json" "$1/$program-$version.cdx.json" ;;
    esac
    sed -i "s|$copy|/lenscap|g" "$1/$program-$version.cdx.json"
  done
  rm -rf "$copy"
}

case ${1:-} in
  check) check ;;
  version) set_version "${2:-}" ;;
  tag) ready && git tag --sign -m "Lenscap $version" "v$version" && echo "release: v$version; then: git push origin v$version" ;;
  build) build ;;
  *) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
