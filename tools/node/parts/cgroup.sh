# shellcheck shell=bash
# The control groups that hold the pods' processes, and by which those are found again at the end.

cgroup_hierarchies() { # one a line: the only one of version 2, or version 1's, one for each controller
  awk '$3 == "cgroup2" && $2 == "/sys/fs/cgroup" || $3 == "cgroup" && $2 ~ "^/sys/fs/cgroup/" {print $2}' \
    /proc/mounts
}

make_cgroups() { # version 1's cpuset starts empty, and then takes no process
  local hierarchy group
  for hierarchy in $(cgroup_hierarchies); do
    group=$hierarchy/$CGROUP
    mkdir -p "$group"
    [ -f "$group/cpuset.mems" ] && [ -f "$hierarchy/cpuset.mems" ] || continue
    cat "$hierarchy/cpuset.cpus" >"$group/cpuset.cpus"
    cat "$hierarchy/cpuset.mems" >"$group/cpuset.mems"
  done
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
