# shellcheck shell=bash
# What people are told, on stderr; stdout is for answers.

say() { # say WORD...
  printf 'node: %s\n' "$*" >&2
}

fail() { # fail WORD...: end with a message that says what to do
  say "$@"
  exit 1
}

need_root() {
  [ "$(id -u)" -eq 0 ] || fail "this sets up namespaces, mounts and cgroups: run it as root"
}
