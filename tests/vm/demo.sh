#!/bin/bash
# The main job, shown in the VM: a test camera (vivid), the real v4l2loopback, the relay, a client. Event lines come live;
# target/demo/ then has before.png (the card), during.png (the camera) and after.png (the card again).
# Needs `cargo build`. Exit status: 0 shown, 77 there can be no VM here, else it went wrong.
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

out=$REPO/target/demo
rm -rf "$out"; mkdir -p "$out"
"$HERE/run.sh" --share "$REPO" --limit "${LENSCAP_DEMO_LIMIT:-180}" -- bash "$HERE/guest/demo.sh" "$out" "$@"
need ffmpeg
for p in before during after; do
  [ -s "$out/$p.yuy2" ] || die "no picture of $p was taken"
  ffmpeg -v error -y -f rawvideo -pixel_format yuyv422 -video_size 640x480 -i "$out/$p.yuy2" -frames:v 1 "$out/$p.png" </dev/null
  rm "$out/$p.yuy2"
  echo "saved ${out#"$PWD"/}/$p.png"
done
