#!/bin/bash
# limit: 600
# The tests of tests/controls.rs, one by one as guest/kernel.sh runs its own. No loopback version matters: once is enough.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

only_when "$EXCLUSIVE_CAPS$LENSCAP_KERNEL" = 16.1
module_at_least 0.15 || only_when 0 = 1
[ -x "${LENSCAP_TEST_CONTROLS:-}" ] || { echo "tests/controls.rs was not built"; exit 77; }
LENSCAP_TEST_KERNEL=$LENSCAP_TEST_CONTROLS exec bash "$(dirname "$0")/kernel.sh"
