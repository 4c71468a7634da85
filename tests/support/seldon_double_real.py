"""A real Seldon for the contract suite, as the environment describes it.

docs/seldon-contract.md says what each variable means.
"""

import os
from pathlib import Path

import httpx
from eventually import eventually
from seldon_double.release import Release
from seldon_double_world import SeldonWorld, shell
from sluice_operator.cluster.client import KubernetesCluster, login

SETTLE_SECONDS = 60.0


def real_world(release: Release, folder: Path) -> SeldonWorld:
    """The Seldon behind SELDON_MESH, and the API server of KUBECONFIG."""
    metrics = os.environ["SELDON_METRICS"].split(",")
    client = httpx.Client(timeout=10, trust_env=False)
    url = os.environ["SELDON_MESH"]

    def reachable() -> bool:
        """Envoy listens once the scheduler has told it to."""
        try:
            return client.get(url).status_code > 0
        except httpx.TransportError:
            return False

    eventually(reachable, SETTLE_SECONDS)
    return SeldonWorld(
        cluster=KubernetesCluster(login(Path(os.environ["KUBECONFIG"]))),
        namespace=os.environ.get("SELDON_NAMESPACE", "seldon-mesh"),
        release=release,
        url=url,
        admin_url=os.environ["SELDON_ADMIN"],
        scrape=lambda: "".join(client.get(url).text for url in metrics),
        folder=Path(os.environ.get("SELDON_MODELS", folder)),
        stop_scheduler=lambda: shell(os.environ["SELDON_STOP_SCHEDULER"]),
        start_scheduler=lambda: shell(os.environ["SELDON_START_SCHEDULER"]),
    )
