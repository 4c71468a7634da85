# shellcheck shell=bash
# What makes pods run: containerd, the controllers, the scheduler, the kubelet, kube-proxy, addons.

workers() {
  start_containerd
  scratch_images
  start kube-controller-manager "$BIN/kube-controller-manager" --leader-elect=false \
    --kubeconfig "$STATE/controller-manager.kubeconfig" --use-service-account-credentials \
    --root-ca-file "$PKI/ca.crt" --service-account-private-key-file "$PKI/tokens.key" \
    --cluster-signing-cert-file "$PKI/ca.crt" --cluster-signing-key-file "$PKI/ca.key"
  start kube-scheduler "$BIN/kube-scheduler" --leader-elect=false \
    --kubeconfig "$STATE/scheduler.kubeconfig"
  start_kubelet
  start kube-proxy "$BIN/kube-proxy" --kubeconfig "$STATE/proxy.kubeconfig" --proxy-mode iptables \
    --hostname-override node --cluster-cidr "$POD_CIDR" --conntrack-max-per-core 0
  addons
  wait_for kubelet 90 node_is_ready
}

start_containerd() {
  mkdir -p "$STATE/containerd" "$STATE/cni"
  write_cni
  write_containerd
  start containerd containerd --config "$STATE/containerd.toml"
  wait_for containerd 30 containers version
}

containers() { # containers ARGUMENT...: containerd's own client, for the pods' containers
  ctr --address "$RUN/containerd.sock" --namespace k8s.io "$@"
}

node_is_ready() {
  kubectl wait --for=condition=Ready node/node --timeout=1s
}

addons() {
  local manifest
  for manifest in "$NODE_SOURCE"/manifests/*.yaml; do
    filled_in "$manifest" | kubectl apply -f - >/dev/null
  done
}

filled_in() { # filled_in MANIFEST: with what settings.sh says in the place of @NAMES@
  sed "s#@VOLUMES@#$STATE/volumes#; s#@DNS_IP@#$DNS_IP#; s#@DNS_IMAGE@#$DNS_IMAGE#
    s#@STORAGE_IMAGE@#$STORAGE_IMAGE#; s#@BUSYBOX_IMAGE@#$BUSYBOX_IMAGE#" "$1"
}

start_kubelet() {
  echo 'options ndots:1' >"$STATE/resolv.conf" # no server: names outside of the cluster lead nowhere
  make_cgroups
  write_kubelet
  start kubelet "$BIN/kubelet" --config "$STATE/kubelet.yaml" --hostname-override node \
    --kubeconfig "$STATE/kubelet.kubeconfig" --node-ip "$NODE_IP" --root-dir "$STATE/kubelet"
}

write_cni() {
  cat >"$STATE/cni/10-bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "$NAMESPACE", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$STATE/leases",
            "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
}

write_containerd() {
  cat >"$STATE/containerd.toml" <<TOML
version = 2
root = "$STATE/containerd/root"
state = "$RUN/containerd"
[grpc]
  address = "$RUN/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$STATE/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/cni"
TOML
}

write_kubelet() { # images are never collected: they cannot be pulled again
  cat >"$STATE/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet.crt
tlsPrivateKeyFile: $PKI/kubelet.key
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://$RUN/containerd.sock
clusterDNS: [$DNS_IP]
clusterDomain: cluster.local
resolvConf: $STATE/resolv.conf
podLogsDir: $STATE/pod-logs
volumePluginDir: $STATE/volume-plugins
maxPods: 110
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 200Mi, nodefs.available: 1%, imagefs.available: 1%}
YAML
}
