# shellcheck shell=sh
# Sourced by deps.sh, after system.sh: a Rust compiler that is new enough, seen to before any package is installed in vain.
#
# Where there is none it comes the distribution's way, after a question: its rustup, and with that the version that
# `rust-version` names, used in this directory alone, so that the user's own default stays what it is. rustup is a package of
# Debian from 13 and of Ubuntu from 24.04 (which conflicts with their rustc and cargo), and of Fedora (with rustup-init alone in
# it). Arch's own Rust is always the newest.

need=$(sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)

# Sets trouble to what is wrong with the compiler; fails where something is.
look_at_rust() {
  # A rustup without a toolchain has both programs, too; they only fail.
  have=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || have=
  trouble='' lacks=rust
  if [ -z "$have" ] && command -v rustup >/dev/null; then trouble="rustup is here without a Rust compiler"
  elif [ -z "$have" ]; then trouble="there is no Rust compiler"
  elif [ "$(printf '%s\n%s\n' "$need" "$have" | sort -V | head -n 1)" != "$need" ]; then trouble="rustc is $have"
  elif ! cargo --version >/dev/null 2>&1; then trouble="there is rustc $have, but no cargo" lacks=cargo
  fi
  [ -z "$trouble" ]
}

apt_has_rustup() { LC_ALL=C apt-cache policy rustup 2>/dev/null | grep -q 'Candidate: [0-9]'; }
# Of packages: an image of a container, or of a system just laid, comes without.
apt_has_lists() { [ -n "$(apt-get indextargets --format there 'Created-By: Packages' 2>/dev/null)" ]; }

# Sets packages to those that bring what is missing, removed to those that have to go for it, toolchain to whether rustup then has
# to fetch one; fails where there are none.
find_packages() {
  # shellcheck disable=SC2154 # manager: system.sh
  case $lacks-$manager in
    rust-apt)
      if ! apt_has_rustup && ! apt_has_lists && [ -z "$check" ]; then
        as_root "apt update" apt-get -qq -o Acquire::Retries=3 -o APT::Update::Error-Mode=any update || exit 1
      fi
      apt_has_rustup || return
      # Without certificates rustup cannot download; its package only recommends them, at second hand.
      packages="rustup ca-certificates"
      removed=$(LC_ALL=C apt-get --simulate install rustup 2>/dev/null | awk '$1 == "Remv" { printf " %s", $2 }')
      ;;
    rust-dnf) packages=rustup ;;
    cargo-apt | cargo-dnf) packages=cargo toolchain='' ;;
    *-pacman) packages=rust toolchain='' ;;
    *) return 1 ;;
  esac
}

install_toolchain() {
  command -v rustup >/dev/null || rustup-init -y --no-modify-path --default-toolchain none || return
  rustup toolchain install --profile minimal "$need" && rustup override set "$need"
}

# Fails, after a sentence with the next step, where there is no compiler in the end. With $check nothing is done, with $yes
# nothing asked.
see_to_rust() {
  look_at_rust && return
  echo "deps: $trouble; Lenscap is built with Rust $need or newer" >&2
  packages='' removed='' toolchain=1
  if ! command -v rustup >/dev/null && ! find_packages; then
    curl="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
    command -v curl >/dev/null || curl="${how:-install} curl ca-certificates, then $curl"
    echo "deps: this system has no package for that; do what https://rustup.rs says, then run this again: $curl" >&2
    return 1
  fi
  steps="${packages:+$how $packages}${removed:+ (which removes$removed)}"
  [ -z "$toolchain" ] || steps="${steps:+$steps, then }rustup toolchain install $need, for this directory alone"
  if [ -n "$check" ]; then
    echo "deps: missing: $steps" >&2
    return 1
  elif [ -n "$yes" ]; then
    echo "deps: $steps" >&2
  elif [ -t 0 ] && [ -t 2 ]; then
    printf 'deps: %s\nDo that now? [Y/n] ' "$steps" >&2
    read -r answer || answer=n
    case $answer in '' | [Yy]*) ;; *) return 1 ;; esac
  else
    echo "deps: nobody can be asked here; with --yes it does this: $steps" >&2
    return 1
  fi
  # shellcheck disable=SC2086 # a list
  [ -z "$packages" ] || install_packages $packages || return
  if [ -n "$toolchain" ] && ! install_toolchain; then
    echo "deps: rustup could not install Rust $need; see to this machine's network, then run this again" >&2
    return 1
  fi
  look_at_rust && return
  echo "deps: after that, $trouble all the same; what chooses it here: rustup show, type rustc" >&2
  return 1
}
