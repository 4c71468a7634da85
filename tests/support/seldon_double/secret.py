"""What Seldon makes of the Secret that a model is fetched with; the words are its agent's.

Source: scheduler/pkg/agent/k8s/secrets.go of Seldon Core 2, the same in 2.6.0 and 2.10.2.
"""

from sluice_operator.cluster.kind import Kind
from sluice_operator.cluster.port import Cluster

SECRET = Kind(group="", version="v1", kind="Secret", plural="secrets")


def unfit(cluster: Cluster, namespace: str, name: str) -> str:
    """Why a Secret is of no use; empty if it is, or if none is asked for."""
    if not name:
        return ""
    found = cluster.get(SECRET, namespace, name)
    if found is None:
        return f'secrets "{name}" not found'
    keys = {**(found.get("data") or {}), **(found.get("stringData") or {})}
    return "" if len(keys) == 1 else f"Secret does not have 1 key {name}"
