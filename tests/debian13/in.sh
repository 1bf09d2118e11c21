#!/bin/bash
# tests/debian13/in.sh PROGRAM [ARGUMENT]...: becomes this program, with the unpacked tree as its root. This repository is where
# it is outside; processes and devices are the host's; the rest of the host is not there, and what is written goes with the
# program. Its process number stays the caller's: who kills that kills the program itself.
# As root, or as a user who may make namespaces.
set -euo pipefail
# shellcheck source=tests/debian13/lib.sh
. "$(dirname "$0")/lib.sh"
need unshare mount chroot
# Settings and plug-in lists of the host are about other versions.
environment=(HOME=/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 LANGUAGE=en)
while IFS= read -r -d '' variable; do
  case $variable in LENSCAP_* | RUST_*) environment+=("$variable") ;; esac
done < <(env -0)
user=
[ "$(id -u)" = 0 ] || user=--map-root-user
# shellcheck disable=SC2016 # the inner shell's variables
exec env -i "${environment[@]}" unshare --mount $user sh -ec '
  root=$1 repository=$2
  shift 2
  for directory in /proc /dev /sys; do mount --rbind $directory "$root$directory"; done
  for directory in /run /tmp; do mount -t tmpfs tmpfs "$root$directory"; done
  mkdir -p "$root$repository"
  mount --rbind "$repository" "$root$repository"
  exec chroot "$root" "$@"' sh "$D13/root" "$REPO" "$@"
