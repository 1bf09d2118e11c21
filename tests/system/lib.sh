# shellcheck shell=bash
# Shared by the scripts beside it; sourced, not run. What they make lies under $SYSTEM: root/ the unpacked Debian 13, initrd, VERSIONS.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
SYSTEM=$REPO/target/system
mkdir -p "$SYSTEM"
# The kernel and the module are those of the virtual machine's tests.
VM=${LENSCAP_VM_DIR:-$REPO/target/vm}
KERNEL=6.12
LOOPBACK=0.15.0
export REPO SYSTEM VM KERNEL LOOPBACK

TIER=system
# shellcheck source=tests/lib.sh
. "$REPO/tests/lib.sh"
