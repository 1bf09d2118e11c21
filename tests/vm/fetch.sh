#!/bin/bash
# Downloads kernels, headers and v4l2loopback sources from Debian's archive and unpacks them under target/vm.
# Nothing is installed.
# Versions are the newest the archive has; VERSIONS says which. Done once; --refresh looks again.
# Exit status 77: there is no network (or no apt), so the kernel tier cannot run here.
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/apt.sh
. "$REPO/tests/apt.sh"

[ "${1:-}" = --refresh ] && rm -f "$VM/VERSIONS"
[ -s "$VM/VERSIONS" ] && exit 0
[ "$(uname -m)" = x86_64 ] || skip "the VM needs an x86_64 host"
apt_root "$VM/apt" "bookworm bookworm-backports trixie sid" bookworm-security
mkdir -p "$VM/debs"

# newest PACKAGE SUITE-PATTERN VERSION-PATTERN: madison lists "package | version | uri suite/main ...".
newest() {
  apt-cache madison "$1" | awk -F' *[|] *' -v s="$2" -v v="$3" '{ split($3, u, " "); gsub(/ /, "", $2); split(u[2], c, "/")
    if (c[1] ~ "^(" s ")$" && $2 ~ v) print $2 }' | sort -V | tail -n1
}
# depends PACKAGE VERSION PATTERN: names among its dependencies that match.
depends() {
  apt-cache show "$1=$2" | sed -n 's/^Depends: //p' | head -n1 | tr ',|' '\n\n' | awk '{print $1}' | grep -E "$3" | head -n1
}
# version_for PACKAGE VERSION: PACKAGE=VERSION where the archive has exactly that, else the package's newest.
version_for() {
  if apt-cache madison "$1" | awk -F' *[|] *' '{print $2}' | tr -d ' ' | grep -qxF "$2"; then echo "$1=$2"; else echo "$1"; fi
}

declare -A packages
found=
for k in $KERNELS; do
  case $k in
    6.1) suites='bookworm|bookworm-security' ;;
    *) suites='bookworm-backports' ;; # its headers are made with gcc-12 as well
  esac
  v=$(newest linux-image-amd64 "$suites" "^${k//./[.]}[.]")
  if [ -z "$v" ]; then say "the archive has no kernel $k any more; its cells will be skipped"; continue; fi
  image=$(depends linux-image-amd64 "$v" '^linux-image-')
  headers=linux-headers-${image#linux-image-}
  common=$(depends "$headers" "$v" '^linux-headers-.*-common$')
  kbuild=$(depends "$headers" "$v" '^linux-kbuild-')
  [ -n "$image" ] && [ -n "$common" ] && [ -n "$kbuild" ] || die "cannot tell which packages make up kernel $k ($v)"
  packages[$k]="$image=$v $headers=$v $common=$v $(version_for "$kbuild" "$v")"
  found+="kernel $k $v ${image#linux-image-}"$'\n'
done

# Upstream versions in use, each from the release that ships it.
for s in bookworm bookworm-backports trixie sid; do
  v=$(newest v4l2loopback-dkms "$s" .)
  [ -n "$v" ] || { say "the archive has no v4l2loopback in $s any more; its cells will be skipped"; continue; }
  u=${v%-*}
  [[ $found == *"loopback $u "* ]] && continue
  packages[$u]="v4l2loopback-dkms=$v"
  found+="loopback $u $v $s"$'\n'
done
[[ $found == *kernel* && $found == *loopback* ]] || die "the archive at $MIRROR has neither kernels nor v4l2loopback"

for p in "${!packages[@]}"; do
  say "fetching ${packages[$p]}"
  dir=$VM/debs/$p
  rm -rf "$dir"; mkdir -p "$dir"
  # shellcheck disable=SC2086 # a list of words
  (cd "$dir" && run apt-get -qq download ${packages[$p]})
done
rm -rf "$VM/kernels" "$VM/modules" "$VM/sources"

# Unpack. Modules that no test of ours could load stay packed: half of the size.
while read -r kind name _; do
  case $kind in
    kernel) root=$VM/kernels/$name/root ;;
    loopback) root=$VM/sources/$name ;;
  esac
  mkdir -p "$root"
  for deb in "$VM/debs/$name"/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --no-same-owner -C "$root" \
      --exclude='*/kernel/drivers/gpu/*' --exclude='*/kernel/drivers/net/*' --exclude='*/kernel/sound/*' \
      --exclude='*/kernel/drivers/infiniband/*' --exclude='*/kernel/drivers/iio/*' --exclude='*/kernel/drivers/scsi/*' \
      --exclude='*/kernel/net/netfilter/*' --exclude='*/kernel/drivers/staging/*' --exclude='./usr/share/*' ||
      die "cannot unpack $deb; is the disk full?"
  done
done < <(printf '%s' "$found")
rm -rf "$VM/debs" "$APT" # the package lists alone are 350 MB
printf '%s' "$found" >"$VM/VERSIONS"
say "fetched:"; sed 's/^/  /' "$VM/VERSIONS" >&2
