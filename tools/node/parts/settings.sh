# shellcheck shell=bash disable=SC2034 # read by the other parts
# Where things are, and the addresses of the node. Nothing here does anything.

SLUICE_NODE_HOME=$(realpath -m "${SLUICE_NODE_HOME:-$HOME/.cache/sluice/node}")
MODULES=$NODE_SOURCE/modules
KUBERNETES_VERSION=$(sed -n 's#^require k8s.io/kubernetes ##p' "$MODULES/kubernetes/go.mod")

BIN=$SLUICE_NODE_HOME/$KUBERNETES_VERSION/bin
IMAGES=$SLUICE_NODE_HOME/images # buildah's
STATE=$SLUICE_NODE_HOME/state   # all that `down --wipe` forgets
RUN=$STATE/run
PKI=$STATE/pki
LOG=$STATE/log

NAMESPACE=sluice-node # the network namespace, and the link to it
LINK_CIDR=192.168.254.0/30
HOST_IP=192.168.254.1
NODE_IP=192.168.254.2
API=https://$NODE_IP:6443
POD_CIDR=10.244.0.0/24
SERVICE_CIDR=10.96.0.0/16
KUBERNETES_IP=10.96.0.1
DNS_IP=10.96.0.10
CGROUP=sluice-node # parent of all pods'

# tags under which the addons' manifests know the images made here
PAUSE_IMAGE=registry.k8s.io/pause:3.10
DNS_IMAGE=registry.k8s.io/coredns/coredns:v1.12.1
STORAGE_IMAGE=docker.io/rancher/local-path-provisioner:v0.0.30
BUSYBOX_IMAGE=docker.io/library/busybox:1.35
BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm
