"""The cases of tests/desktop/applet.py, a file a theme."""
