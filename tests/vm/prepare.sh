#!/bin/bash
# Everything that run.sh needs, made once: packages, modules, images. A no-op when it is there. One at a time.
# Exit status 77: it cannot be had here; the reason was printed.
set -euo pipefail
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
need qemu-system-x86_64 flock setpriv timeout
exec 9>"$VM/.lock"
flock -w 1800 9 || die "another preparation has held $VM/.lock for half an hour"
"$HERE/fetch.sh" "$@"
"$HERE/build-modules.sh"
"$HERE/image.sh"
