"""How Seldon Core 1 names what it makes of a predictor. Pure.

Source: operator/apis/machinelearning.seldon.io/v1/seldondeployment_types.go at 1.17.1: names that
would be longer than a DNS label are replaced by the MD5 digest of themselves.
"""

import hashlib

LONGEST = 63
CONTAINER = "model"
"""Name of the graph's only node, and so of the model server's container."""


def service_of(deployment: str, predictor: str) -> str:
    """The Service in front of a predictor."""
    name = f"{deployment}-{predictor}"
    return name if len(name) <= LONGEST else f"seldon-{_digest(name)}"


def workloads_of(deployment: str, predictor: str) -> tuple[str, ...]:
    """The names that the Deployment of a predictor can have; a setting of Seldon decides."""
    name = f"{deployment}-{predictor}-0-{CONTAINER}"
    if len(name) <= LONGEST:
        return (name,)
    return (f"seldon-{_digest(name)}", f"{deployment}-{_digest(name)}")


def _digest(name: str) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
