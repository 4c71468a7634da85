# shellcheck shell=bash
# One command at a time changes the node, and leaves nothing half done.

locked() { # locked COMMAND...: one at a time changes the node
  need_root
  mkdir -p "$STATE"
  exec 9>"$STATE/lock"
  flock --nonblock 9 || { say "waiting for another command to end" && flock 9; }
  forget_unfinished # of a command that was killed
  trap forget_unfinished EXIT
  "$@"
}

new_folder() { # new_folder: for what a command makes on its way; gone when it ends
  mkdir -p "$STATE/unfinished"
  mktemp -d "$STATE/unfinished/XXXXXX"
}

forget_unfinished() {
  rm -rf --one-file-system "$STATE/unfinished"
}
