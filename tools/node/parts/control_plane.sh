# shellcheck shell=bash
# etcd and the API server.

kubectl() { # kubectl ARGUMENT...: as the administrator
  "$BIN/kubectl" --kubeconfig "$STATE/admin.kubeconfig" "$@"
}

become_kubectl() { # become_kubectl ARGUMENT...: so that Ctrl-C reaches it and nobody else
  [ -f "$STATE/admin.kubeconfig" ] || fail "there is no node yet: make one with 'node up'"
  exec "$BIN/kubectl" --kubeconfig "$STATE/admin.kubeconfig" "$@"
}

control_plane() {
  start_etcd
  start_api_server
  wait_for kube-apiserver 60 kubectl get --raw /readyz
}

start_etcd() {
  start etcd "$BIN/etcd" --data-dir "$STATE/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
}

start_api_server() {
  local options=(
    --etcd-servers http://127.0.0.1:2379
    --bind-address 0.0.0.0
    --advertise-address "$NODE_IP"
    --service-cluster-ip-range "$SERVICE_CIDR"
    --authorization-mode "Node,RBAC"
    --enable-admission-plugins NodeRestriction
    --allow-privileged=true
    --client-ca-file "$PKI/ca.crt"
    --tls-cert-file "$PKI/apiserver.crt"
    --tls-private-key-file "$PKI/apiserver.key"
    --kubelet-client-certificate "$PKI/apiserver-kubelet.crt"
    --kubelet-client-key "$PKI/apiserver-kubelet.key"
    --kubelet-preferred-address-types InternalIP
    --service-account-issuer https://kubernetes.default.svc
    --service-account-signing-key-file "$PKI/tokens.key"
    --service-account-key-file "$PKI/tokens.key"
    --proxy-client-cert-file "$PKI/front-proxy.crt"
    --proxy-client-key-file "$PKI/front-proxy.key"
    --requestheader-client-ca-file "$PKI/ca.crt"
    --requestheader-allowed-names front-proxy-client
    --requestheader-username-headers X-Remote-User
    --requestheader-group-headers X-Remote-Group
    --requestheader-extra-headers-prefix X-Remote-Extra-
  )
  start kube-apiserver "$BIN/kube-apiserver" "${options[@]}"
}
