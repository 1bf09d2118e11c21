#!/bin/bash
# What lenscap-setup does at each start of the computer, as its units start it: devices added beside the first, and only those removed.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

SETUP=$BIN/lenscap-setup
# The units' RuntimeDirectory.
mkdir -p /run/lenscap /run/lenscap-further
names() { cat /sys/class/video4linux/video*/name 2>/dev/null | sort | paste -sd, -; }
names_are() { [ "$(names)" = "$1" ] || { echo "there are: $(names)"; return 1; }; }
number() { basename "$(dirname "$(grep -lxF "$1" /sys/class/video4linux/video*/name)")"; }
# Whoever looks at a new one has it open for a moment.
gone() { wait_for "$SETUP remove-$1; names_are '$2'" 10; }

unload_loopback
if [[ $LENSCAP_LOOPBACK == 0.12.* ]]; then
  "$SETUP" add-further-devices
  # ENODEV; it has a device without a name from its load.
  check "a module without control device makes none" test $? = 19
  done_testing
fi
load_loopback 1 8 Lenscap
check "beside one that was there" "$SETUP" add-further-devices
check "all of them" names_are "Lenscap,Lenscap 2,Lenscap 3,Lenscap 4"
check "once more changes nothing" "$SETUP" add-further-devices
check "the same" names_are "Lenscap,Lenscap 2,Lenscap 3,Lenscap 4"
check "the first is not of this unit" "$SETUP" remove-device
check "it stays" names_are "Lenscap,Lenscap 2,Lenscap 3,Lenscap 4"
for label in "Lenscap 2" "Lenscap 3" "Lenscap 4"; do
  caps=$(v4l2-ctl -d "/dev/$(number "$label")" --info | sed -n '/Device Caps/,$p')
  check "$label is no camera while nobody writes there" bash -c "grep -q 'Video Output' <<<'$caps' && ! grep -q 'Video Capture' <<<'$caps'"
done

# One that is in use stays, and goes when it is free: nobody forgets that it was added here.
used=$(number "Lenscap 3")
exec 7<>"/dev/$used"
check "two go" gone further-devices "Lenscap,Lenscap 3"
check "they come again" "$SETUP" add-further-devices
check "beside that one" test "$used" = "$(number "Lenscap 3")"
check "all of them again" names_are "Lenscap,Lenscap 2,Lenscap 3,Lenscap 4"
exec 7>&-
check "all that were added go" gone further-devices Lenscap

# Somebody else's of our name is nobody's to remove.
unload_loopback
modprobe v4l2loopback devices=2 card_label='"Lenscap,Lenscap 3"' exclusive_caps=1,1
check "those that are missing are added" "$SETUP" add-further-devices
check "each name once" names_are "Lenscap,Lenscap 2,Lenscap 3,Lenscap 4"
check "others' devices stay" gone further-devices "Lenscap,Lenscap 3"
unload_loopback
done_testing
