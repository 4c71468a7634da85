#!/bin/sh
# A kind cluster with Seldon Core 2 and the whole stack, in the namespace sluice. Repeat it after a
# change, or after something went wrong: what is there stays. Needs docker, kind, kubectl and helm, in
# the versions below; the images of Sluice must have been built (`make images`).
set -eu
cd "$(dirname "$0")/../.."
kind=0.30.0
kubectl=1.34.4
helm=3.21.4
seldon=2.6.0
charts=https://seldonio.github.io/helm-charts
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -1)
images="sluice-operator sluice-ledger sluice-mlflow sluice-serving sluice-components"

fail() {
    echo "helm/kind/up.sh: $1" >&2
    exit 1
}

expect() { # expect PROGRAM VERSION WORD...: WORD... prints the version; another one is told of, and tried
    program=$1 wanted=$2
    shift 2
    found=$("$@" 2>/dev/null | sed -n 's/.*v\([0-9][0-9.]*[0-9]\).*/\1/p' | head -1)
    [ "$found" = "$wanted" ] ||
        echo "helm/kind/up.sh: $program is ${found:-of an unknown version}; this is written for $wanted" >&2
}

for program in docker kind kubectl helm; do
    command -v "$program" >/dev/null || fail "$program is missing; install it and put it on PATH"
done
expect kind "$kind" kind version
expect kubectl "$kubectl" kubectl version --client
expect helm "$helm" helm version --short
for image in $images; do
    docker image inspect "$image:$version" >/dev/null 2>&1 ||
        fail "the image $image:$version is not there; run: make images"
done
kind get clusters 2>/dev/null | grep -qx sluice || kind create cluster --config helm/kind/cluster.yaml
for image in $images; do
    kind load docker-image --name sluice "$image:$version"
done
kubectl config use-context kind-sluice
helm upgrade --install seldon-core-v2-crds seldon-core-v2-crds --repo "$charts" --version "$seldon" \
    --namespace sluice --create-namespace
helm upgrade --install seldon-core-v2-setup seldon-core-v2-setup --repo "$charts" --version "$seldon" \
    --namespace sluice --values helm/seldon/official/setup.values.yaml \
    --values helm/kind/seldon-setup.values.yaml --wait --timeout 10m
helm upgrade --install sluice helm/sluice --namespace sluice --values helm/sluice/values-kind.yaml \
    --wait --timeout 20m
