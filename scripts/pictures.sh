#!/bin/bash
# `make pictures`: the pictures in data/screenshots, made anew from a real run, each with a digest of what it shows
# (tests/anywhere/pictures.rs). Look at all of them before they are committed.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/deps.sh build run test pictures
out=$PWD/target/pictures
rm -rf "$out"
mkdir -p "$out"
cargo build --locked --quiet "${programs[@]}"
tests/desktop/run.sh --pictures "$out"
[ -e "$out/tray.png" ] || { echo "pictures: none could be made here" >&2; exit 1; }
LENSCAP_WRITE_PICTURES=$out/shown cargo test --locked --quiet --test anywhere -- \
  --exact pictures::each_picture_shows_what_there_is_today >/dev/null
rm -f data/screenshots/*.png
while read -r pictures key digest; do
  # A third of the size, and looks the same; but the sheet of the icons is about colours.
  reduced=(-dither None -colors 255)
  [ "$pictures" != icons ] || reduced=()
  for picture in "$out/$pictures"*.png; do
    convert "$picture" -strip "${reduced[@]}" -set "$key" "$digest" -define png:exclude-chunk=date,time \
      -define png:compression-level=9 "data/screenshots/${picture##*/}"
  done
done <"$out/shown"
ls -l data/screenshots
