# shellcheck shell=bash
# The cluster's authority, a certificate for everybody who speaks to the API server, kubeconfigs.

DAYS=3650
API_NAMES=IP:$NODE_IP,IP:$KUBERNETES_IP,IP:127.0.0.1,DNS:kubernetes,DNS:kubernetes.default
API_NAMES+=,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local

identities() {
  mkdir -p "$PKI"
  chmod 700 "$PKI"
  authority
  token_key
  certificate apiserver kube-apiserver kubernetes "$API_NAMES"
  certificate kubelet system:node:node system:nodes "IP:$NODE_IP,DNS:node"
  certificate admin admin system:masters
  certificate apiserver-kubelet kube-apiserver-kubelet-client system:masters
  certificate controller-manager system:kube-controller-manager system:kube-controller-manager
  certificate scheduler system:kube-scheduler system:kube-scheduler
  certificate proxy system:kube-proxy system:node-proxier
  certificate front-proxy front-proxy-client front-proxy
  local user
  for user in admin controller-manager scheduler proxy kubelet; do
    kubeconfig "$user"
  done
}

authority() {
  [ -f "$PKI/ca.crt" ] && return
  openssl req -x509 -newkey rsa:2048 -nodes -days "$DAYS" -subj /CN=sluice-node \
    -keyout "$PKI/ca.key" -out "$PKI/ca.unfinished" 2>/dev/null
  mv "$PKI/ca.unfinished" "$PKI/ca.crt"
}

token_key() { # signs the tokens of ServiceAccounts
  [ -f "$PKI/tokens.key" ] && return
  openssl genrsa -out "$PKI/tokens.unfinished" 2048 2>/dev/null
  mv "$PKI/tokens.unfinished" "$PKI/tokens.key"
}

certificate() { # certificate FILE USER GROUP [NAMES]: one signed by the authority, with its key
  [ -f "$PKI/$1.crt" ] && return
  local names=()
  [ -n "${4:-}" ] && names=(-addext "subjectAltName=$4")
  openssl req -newkey rsa:2048 -nodes -subj "/O=$3/CN=$2" "${names[@]}" \
    -keyout "$PKI/$1.key" -out "$PKI/$1.csr" 2>/dev/null
  openssl x509 -req -in "$PKI/$1.csr" -copy_extensions copy -days "$DAYS" \
    -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -out "$PKI/$1.unfinished" 2>/dev/null
  mv "$PKI/$1.unfinished" "$PKI/$1.crt"
  rm "$PKI/$1.csr"
}

kubeconfig() { # kubeconfig USER: logs in with that certificate
  cat >"$STATE/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: node, cluster: {server: $API, certificate-authority: $PKI/ca.crt}}]
users: [{name: $1, user: {client-certificate: $PKI/$1.crt, client-key: $PKI/$1.key}}]
contexts: [{name: node, context: {cluster: node, user: $1}}]
current-context: node
YAML
  chmod 600 "$STATE/$1.kubeconfig"
}
