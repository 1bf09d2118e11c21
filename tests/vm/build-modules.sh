#!/bin/bash
# Builds every fetched v4l2loopback for the kernels it compiles on, out of tree and without dkms:
# target/vm/modules/KERNEL/VERSION/v4l2loopback.ko. What is there already is not built again.
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

built() { [ -s "$VM/modules/$1/$2/v4l2loopback.ko" ]; }

# The header packages are made for /usr/src: the Makefile includes an absolute path, and .kernelvariables names
# Debian's compiler.
adopt_headers() {
  local root=$VM/kernels/$1/root h common cc=gcc
  command -v gcc-12 >/dev/null && cc=gcc-12
  h=$(echo "$root"/usr/src/linux-headers-*-amd64)
  common=$(echo "$root"/usr/src/linux-headers-*-common)
  [ -d "$h" ] && [ -d "$common" ] || die "the headers of kernel $1 are not unpacked; remove $VM/VERSIONS and try again"
  echo "include $common/Makefile" >"$h/Makefile"
  sed -i -e "s/^CC = .*/CC = $cc/" -e '/CROSS_COMPILE = /d' -e '/^ifneq.*DEB_BUILD_ARCH/d' -e '/^endif/d' \
    -e '/^DEB_BUILD_ARCH/d' "$h/.kernelvariables"
  echo "$h"
}

for k in $KERNELS; do
  [ -d "$VM/kernels/$k/root" ] || continue
  headers=
  for v in $(modules_for "$k"); do
    built "$k" "$v" && continue
    need gcc make
    headers=${headers:-$(adopt_headers "$k")}
    out=$VM/modules/$k/$v
    rm -rf "$out"; mkdir -p "$out/build"
    cp -r "$VM/sources/$v"/usr/src/*/. "$out/build/"
    say "building v4l2loopback $v for kernel $k"
    if ! env -u MAKEFLAGS -u MAKELEVEL make -s -C "$headers" M="$out/build" CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$out/build.log" 2>&1; then
      tail -n 15 "$out/build.log" >&2
      die "v4l2loopback $v does not build for kernel $k (whole output in $out/build.log)"
    fi
    strip --strip-debug "$out/build/v4l2loopback.ko"
    mv "$out/build/v4l2loopback.ko" "$out/v4l2loopback.ko"
    rm -rf "$out/build"
  done
done
