#!/bin/bash
# `make pot`: collects the texts of the sources into po/lenscap.pot and brings the translations up to date with it.
# What is new or guessed (fuzzy) afterwards is to be translated in po/LANGUAGE.po; the tests fail until it is.
set -euo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
command -v msgmerge >/dev/null || { echo "translations: msgmerge is missing: install the package gettext" >&2; exit 1; }

LENSCAP_WRITE_TEMPLATE=1 cargo test --locked --quiet --test anywhere -- --exact translations::the_template_has_every_text >/dev/null ||
  { echo "translations: the sources have texts that cannot be collected: cargo test --test anywhere translations" >&2; exit 1; }
for language in $(cat po/LINGUAS); do
  msgmerge --quiet --update --backup=off --no-wrap --previous "po/$language.po" po/lenscap.pot
  printf '%s: ' "$language"
  LC_ALL=C msgfmt --check --statistics -o /dev/null "po/$language.po" 2>&1
done
