#!/bin/bash
# `make bench`: what the promises cost. One table, target/bench/table.md: most of it measured in the VM, the thousand
# activations and the applet in its tray on this machine. BENCH_PARTS chooses parts, LENSCAP_BENCH_RUNS says how many runs (3).
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
parts=${BENCH_PARTS:-idle start switches latency live wire watch switches-0.12 native mjpeg framing further pipewire cycles apps resident}
rows=target/bench
rm -rf $rows
mkdir -p $rows

scripts/deps.sh build run test || exit 1
cargo build --release --locked --quiet "${programs[@]}" || exit 1
program=$(cargo bench --no-run --locked --bench relay --message-format=json |
  sed -n 's/.*"name":"relay".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
[ -x "$program" ] || { echo "bench: benches/relay was not built" >&2; exit 1; }
export LENSCAP_BENCH=$program
case " $parts " in *" wire "* | *" watch "*) cargo build --release --locked --quiet -p uvcam || exit 1 ;; esac

vm() { # vm LOOPBACK PART...
  local loopback=$1
  shift
  tests/vm/run.sh --kernel 6.1 --loopback "$loopback" --limit $((120 + 900 * $#)) -- bash tests/vm/bench.sh "$@" ||
    echo "bench: the VM ended with status $?" >&2
}
in_vm=()
for part in $parts; do
  case $part in idle | start | switches | latency | live | wire | watch) in_vm+=("$part") ;; esac
done
[ ${#in_vm[@]} = 0 ] || vm 0.15.0 "${in_vm[@]}"
for part in $parts; do
  case $part in
    switches-0.12) vm 0.12.7 switches ;;
    resident)
      LENSCAP_PROGRAM=$PWD/target/release/lenscap timeout -k 5 600 tests/desktop/run.sh --bench "$rows/resident.md"
      [ ! -s $rows/resident.md ] || touch $rows/resident.md.ok
      ;;
    native | mjpeg | framing | further | pipewire | cycles | apps)
      if timeout -k 5 1200 "$program" "$part" "$rows/$part.md"; then
        touch "$rows/$part.md.ok"
      else
        echo "bench: $part ended with status $?" >&2
      fi
      ;;
  esac
done

table=$rows/table.md
{
  echo "Medians (least..most); one number: one run. ${LENSCAP_BENCH_RUNS:-3} runs, start and switches two more. In the VM unless it says \"this machine\"; a ratio is of runs taken in turns."
  echo
  echo "| what | unit | ours | beside | ratio | target | met |"
  echo "|---|---|---|---|---|---|---|"
  for part in $parts; do
    case $part in
      switches-0.12) file=$rows/switches-0.12.7.md ;;
      native | mjpeg | framing | further | pipewire | cycles | apps | resident) file=$rows/$part.md ;;
      *) file=$rows/$part-0.15.0.md ;;
    esac
    [ -s "$file" ] && cat "$file"
    [ -e "$file.ok" ] || echo "| $part | | not measured to the end | | | | **no** |"
  done
} >$table
echo
cat $table
! grep -q 'not measured to the end' $table
