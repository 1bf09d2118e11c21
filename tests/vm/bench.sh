#!/bin/bash
# In the guest: measures parts of benches/relay one after another, each with freshly loaded modules. See scripts/bench.sh.
#   bench.sh PART...
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"
G=/sys/fs/cgroup/bench
mkdir -p $G target/bench
for part; do
  file=target/bench/$part-$LENSCAP_LOOPBACK.md
  load_vivid && load_loopback 1 && case $part in wire | watch) load_uvcam ;; esac || die "no camera or no loopback"
  # in a cgroup of its own, so that nothing it started outlives it
  (echo $BASHPID >$G/cgroup.procs; exec timeout -k 5 900 "$LENSCAP_BENCH" "$part" "$file") </dev/null &&
    touch "$file.ok" || note "$part ended with status $?"
  echo 1 >$G/cgroup.kill
  wait_for '! grep -q . $G/cgroup.procs' 10
done
