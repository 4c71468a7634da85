#!/bin/sh
# A kind cluster with Seldon Core 2 and the whole stack, in the namespace sluice. Repeat it after a
# change, or after something went wrong: what is there stays. Needs docker, kind 0.30.0, kubectl and
# helm 3; the images of Sluice must have been built (`make images`).
set -eu
cd "$(dirname "$0")/../.."
seldon=2.6.0
charts=https://seldonio.github.io/helm-charts
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -1)
images="sluice-operator sluice-ledger sluice-mlflow sluice-serving sluice-components"

fail() {
    echo "helm/kind/up.sh: $1" >&2
    exit 1
}

for program in docker kind kubectl helm; do
    command -v "$program" >/dev/null || fail "$program is missing; install it and put it on PATH"
done
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
