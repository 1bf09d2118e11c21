#!/bin/bash
# `make rpm`: packs what `make build` made into target/packages/rpm/*.rpm. Nothing is compiled.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
command -v rpmbuild >/dev/null || { echo "rpm: rpmbuild is missing: install the package rpm (Fedora: rpm-build)" >&2; exit 1; }
# Where the list of translations is written, with --build-in-place.
trap 'rm -f lenscap.lang' EXIT
out=$(realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/packages
rm -rf "$out/rpm" "$out/work"
mkdir -p "$out/rpm" "$out/work"
# The names of what is needed to compile are Fedora's, and nothing is compiled (--nodeps). What rpmbuild would write into this
# directory goes elsewhere.
LC_ALL=C.UTF-8 TZ=UTC rpmbuild -bb --build-in-place --noprep --nodeps --with prebuilt --define "_topdir $out/work" --define "_rpmdir $out/rpm" \
  --define "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" --define "_buildhost localhost" --define "_vpath_builddir $out/work" \
  packaging/rpm/lenscap.spec >"$out/rpm.log" 2>&1 ||
  { tail -n 30 "$out/rpm.log" >&2; echo "rpm: could not be built; the whole log is $out/rpm.log" >&2; exit 1; }
rm -rf "$out/work"
ls "$out"/rpm/*.rpm
