# shellcheck shell=bash
# The node's life: up, down, and what of it runs.

CONTROL_PLANE_PROCESSES=(etcd kube-apiserver)
WORKER_PROCESSES=(containerd kube-controller-manager kube-scheduler kubelet kube-proxy)

LONGEST_RUN=80 # of 107 characters that the name of a socket may have; some lie deeper

up() { # up [--control-plane]: whatever of it does not run; prints the administrator's kubeconfig
  [ ${#RUN} -le "$LONGEST_RUN" ] || fail "$RUN is too long for the names of sockets in it:" \
    "set SLUICE_NODE_HOME to a shorter folder"
  [ "${1:-}" = --control-plane ] || need_packages "${WORKER_PACKAGES[@]}"
  need_packages "${NETWORK_PACKAGES[@]}"
  build "$([ "${1:-}" = --control-plane ] && echo control-plane || echo node)"
  mkdir -p "$RUN" "$LOG"
  identities
  network
  confine
  control_plane
  [ "${1:-}" = --control-plane ] || workers
  echo "$STATE/admin.kubeconfig"
}

down() { # down [--wipe]: nothing of it runs or is mounted; --wipe forgets what it held
  local name
  for name in kube-proxy kubelet kube-scheduler kube-controller-manager; do
    stop "$name"
  done
  stop_pods
  stop containerd
  stop kube-apiserver
  stop etcd
  unmount_state
  remove_network
  if [ "${1:-}" = --wipe ]; then
    wipe
  fi
}

stop_pods() { # also those whose containerd has died
  kill_pods
  local shim
  for shim in $(shims); do
    kill -9 "$shim" 2>/dev/null || true
  done
  remove_cgroups
}

shims() { # the process that containerd keeps beside each pod, known by our socket
  local process arguments
  for process in /proc/[0-9]*; do
    mapfile -d '' -t arguments 2>/dev/null <"$process/cmdline" || continue
    if [[ "${arguments[0]:-}" == *containerd-shim* && " ${arguments[*]} " == *" $RUN/containerd.sock "* ]]; then
      basename "$process"
    fi
  done
}

unmount_state() { # inner mounts first
  awk -v state="$STATE/" 'index($2, state) == 1 {print $2}' /proc/mounts | sort -r | xargs -r umount -l
}

wipe() {
  [ -e "$STATE" ] || return 0
  [ -f "$STATE/lock" ] || fail "$STATE was not made by this program: remove it yourself"
  wipe_outside
  rm -rf "$STATE"
}

wipe_outside() { # what the kubelet and the network plug-ins keep in places that cannot be chosen
  find /var/log/containers -lname "$STATE/*" -delete 2>/dev/null || true
  local result sandbox
  for result in /var/lib/cni/results/"$NAMESPACE"-*-eth0; do
    sandbox=${result##*/"$NAMESPACE"-}
    rm -f "$result" "/var/lib/cni/results/cni-loopback-${sandbox%-eth0}-lo"
  done
}

status() { # status: each process; fails unless the whole node runs
  local name whole=0 pid
  for name in "${CONTROL_PLANE_PROCESSES[@]}" "${WORKER_PROCESSES[@]}"; do
    if pid=$(pid_of "$name"); then
      echo "$name runs as process $pid"
    else
      echo "$name does not run$(died_hint "$name")"
      whole=1
    fi
  done
  return $whole
}

died_hint() { # died_hint NAME: for one that nobody stopped
  [ ! -f "$RUN/$1.pid" ] || echo ", though it was started: see $LOG/$1.log"
}
