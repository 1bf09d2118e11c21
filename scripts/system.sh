# shellcheck shell=sh
# Sourced by scripts that may find nothing but a POSIX shell: cargo on the path, the package manager.

# First, as rustup's own set-up of a shell has it: the distribution's compiler may be an old one.
cargo_bin=${CARGO_HOME:-${HOME:-/root}/.cargo}/bin
case :$PATH: in *":$cargo_bin:"*) ;; *) PATH=$cargo_bin:$PATH ;; esac

# What installs packages here, and how a person says it; nothing where the distribution is unknown. Not asked by what is on the
# path: Fedora has a package apt, Debian a package dnf. OS_RELEASE: another file, for tests.
# shellcheck source=/dev/null
distribution=$(. "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}") || distribution=
# shellcheck disable=SC2034 # for who sources this
case " $distribution " in
  *" debian "* | *" ubuntu "*) manager=apt how="apt install" ;;
  *" fedora "*) manager=dnf how="dnf install" ;;
  *" arch "*) manager=pacman how="pacman -S" ;;
  *) manager='' how='' ;;
esac

# as_root WHAT COMMAND...: runs it, through sudo when not root; where that fails, WHAT is what root can type.
as_root() {
  typed=$1
  shift
  if [ "$(id -u)" = 0 ]; then "$@" && return
  elif command -v sudo >/dev/null; then sudo "$@" && return
  else echo "deps: you are not root, and there is no sudo here" >&2
  fi
  echo "deps: that failed; mend what is said above, or do this as root: $typed" >&2
  return 1
}

install_packages() {
  case $manager in
    apt)
      as_root "$how $*" env DEBIAN_FRONTEND=noninteractive sh -c '
        apt="apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0"
        $apt update && $apt install --yes --no-install-recommends "$@" >/dev/null' sh "$@" ;;
    dnf) as_root "$how $*" dnf --quiet --assumeyes install "$@" ;;
    pacman) as_root "$how $*" pacman --sync --needed --noconfirm "$@" ;;
  esac
}
