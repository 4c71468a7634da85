# shellcheck shell=bash
# The node's long-running processes: started once, found again, ended. $RUN/NAME.pid holds a number
# and when that process began, so that another one that got the number is never taken for it.

began() { # began PID: the moment, in ticks since boot; nothing if it has ended
  local line fields
  line=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 1 # the name may hold blanks
  read -ra fields <<<"$line"
  [ "${fields[0]:-Z}" != Z ] && echo "${fields[19]}"
}

pid_of() { # pid_of NAME: its number, if what we started under that name is alive
  local pid ticks
  read -r pid ticks 2>/dev/null <"$RUN/$1.pid" || return 1
  [ -n "$ticks" ] && [ "$(began "$pid")" = "$ticks" ] && echo "$pid"
}

runs() { # runs NAME
  pid_of "$1" >/dev/null
}

is_in_node() { # is_in_node PID: whether it lives in the network namespace that there is now
  [ "/proc/$1/ns/net" -ef "/run/netns/$NAMESPACE" ]
}

start() { # start NAME COMMAND...: in the node, in the background, unless it runs already
  local name=$1 pid
  shift
  if pid=$(pid_of "$name"); then
    is_in_node "$pid" && return
    stop "$name"
  fi
  # not by in_node: $! would be a shell around it. 9 is the lock of this command, see `locked`
  nsenter --net="/run/netns/$NAMESPACE" setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null 9>&- &
  echo "$! $(began $!)" >"$RUN/$name.pid"
  say "started $name"
}

stop() { # stop NAME: ask it to end, wait, insist
  local pid
  if pid=$(pid_of "$1"); then
    kill "$pid" 2>/dev/null || true
    timeout 20 tail --pid="$pid" -s 0.1 -f /dev/null || kill -9 "$pid" 2>/dev/null || true
    say "stopped $1"
  fi
  rm -f "$RUN/$1.pid"
}

wait_for() { # wait_for NAME SECONDS COMMAND...: until the command succeeds; NAME is who must be alive
  local name=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    runs "$name" || fail "$name ended; the end of $LOG/$name.log:"$'\n'"$(tail -n 5 "$LOG/$name.log")"
    [ "$SECONDS" -lt "$deadline" ] || fail "$name was not ready in time: see $LOG/$name.log"
    sleep 0.2
  done
}
