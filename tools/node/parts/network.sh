# shellcheck shell=bash
# The network namespace that the node lives in: a link to this machine, and no way beyond it.

in_node() { # in_node COMMAND...: unlike `ip netns exec` it keeps the mounts, so cgroups stay visible
  nsenter --net="/run/netns/$NAMESPACE" "$@"
}

network() {
  network_is_whole && return
  leave_network
  refuse_taken_addresses
  ip netns add "$NAMESPACE"
  ip link add "$NAMESPACE" type veth peer name eth0 netns "$NAMESPACE"
  ip address add "$HOST_IP/30" dev "$NAMESPACE"
  ip link set "$NAMESPACE" up
  in_node ip link set lo up
  in_node ip address add "$NODE_IP/30" dev eth0
  in_node ip link set eth0 up
  in_node ip route add default via "$HOST_IP"
  in_node sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1
}

leave_network() { # half of one, say after a crash: pods joined to it are lost, all else is started anew
  stop kubelet
  stop containerd
  stop_pods
  remove_network
}

confine() { # this machine forwards nothing that comes from the node, whatever else it forwards
  iptables --wait -C FORWARD -i "$NAMESPACE" -j DROP 2>/dev/null ||
    iptables --wait -I FORWARD -i "$NAMESPACE" -j DROP
}

network_is_whole() {
  ip -4 -oneline address show dev "$NAMESPACE" up 2>/dev/null | grep -qF " $HOST_IP/30 " &&
    in_node ip -4 -oneline address show dev eth0 up 2>/dev/null | grep -qF " $NODE_IP/30 " &&
    in_node ip route show default 2>/dev/null | grep -qF "via $HOST_IP "
}

refuse_taken_addresses() {
  local route
  route=$(ip -4 route show root "$LINK_CIDR")
  [ -z "$route" ] || fail "the addresses $LINK_CIDR are taken on this machine ($route):" \
    "free them, or choose others in $NODE_SOURCE/parts/settings.sh"
}

remove_network() {
  ip netns delete "$NAMESPACE" 2>/dev/null || true
  ip link delete "$NAMESPACE" 2>/dev/null || true
  while iptables --wait -D FORWARD -i "$NAMESPACE" -j DROP 2>/dev/null; do :; done
}
