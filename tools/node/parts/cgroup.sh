# shellcheck shell=bash
# The control groups that hold the pods' processes, and by which those are found again at the end.

cgroup_hierarchies() { # one a line: version 2 has one, version 1 has one for each controller
  awk '$3 ~ "^cgroup2?$" && $2 ~ "^/sys/fs/cgroup" {print $2}' /proc/mounts
}

make_cgroups() {
  local hierarchy
  for hierarchy in $(cgroup_hierarchies); do
    mkdir -p "$hierarchy/$CGROUP"
    delegate_controllers "$hierarchy"
    copy_cpuset "$hierarchy"
  done
}

delegate_controllers() { # delegate_controllers HIERARCHY: version 2 gives them to children on request only
  local controller controllers
  [ -f "$1/cgroup.subtree_control" ] || return 0
  read -ra controllers <"$1/cgroup.controllers" || return 0 # none left beside version 1
  for controller in "${controllers[@]}"; do
    echo "+$controller" >"$1/cgroup.subtree_control" 2>/dev/null || true # the kubelet names what it lacks
  done
}

copy_cpuset() { # copy_cpuset HIERARCHY: version 1's starts empty, and then takes no process
  [ -f "$1/cpuset.mems" ] || return 0
  cat "$1/cpuset.cpus" >"$1/$CGROUP/cpuset.cpus"
  cat "$1/cpuset.mems" >"$1/$CGROUP/cpuset.mems"
}

pod_processes() { # the numbers of all processes in pods
  local hierarchy
  for hierarchy in $(cgroup_hierarchies); do
    find "$hierarchy/$CGROUP" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -un
}

kill_pods() {
  local _
  for _ in $(seq 100); do
    [ -n "$(pod_processes)" ] || return 0
    pod_processes | xargs -r kill -9 2>/dev/null || true
    sleep 0.1
  done
  say "these processes of pods do not end: $(pod_processes | xargs)"
}

remove_cgroups() {
  local hierarchy
  for hierarchy in $(cgroup_hierarchies); do
    find "$hierarchy/$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}
