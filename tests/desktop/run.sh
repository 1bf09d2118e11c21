#!/bin/bash
# The desktop tier: Xvfb, a private session bus, a tray host and a notification service.
echo "SKIP desktop tier: the applet is not built yet"
echo "desktop tier: 0 passed, 0 failed, 1 skipped (the applet is not built yet)"
