# shellcheck shell=bash
# Debian's packages: what a command needs is installed, or named to those who have no Debian.

NETWORK_PACKAGES=(iproute2 iptables openssl procps util-linux)
WORKER_PACKAGES=(busybox-static conntrack containerd containernetworking-plugins runc socat)
IMAGE_PACKAGES=(buildah debootstrap)

need_packages() { # need_packages PACKAGE...
  command -v dpkg-query >/dev/null || fail "this is no Debian: see docs/node.md for what it needs"
  local package missing=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  install_packages "${missing[@]}" || fail "install them yourself: apt-get install ${missing[*]}"
}

is_installed() { # is_installed PACKAGE
  [ "$(dpkg-query --showformat '${db:Status-Status}' --show "$1" 2>/dev/null)" = installed ]
}

install_packages() { # install_packages PACKAGE...
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
