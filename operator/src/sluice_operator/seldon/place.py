"""Where one ModelDeployment lives in a cluster, and how its servers are equipped."""

from dataclasses import dataclass, field

from sluice_operator.api.v1alpha1 import Backend, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Everything about a deployment that its objects need, beside the wanted picture."""

    namespace: str
    deployment: str
    owner_uid: str = ""
    """uid of the ModelDeployment; without it objects have no owner, and outlive it."""
    backend: Backend = field(default_factory=Backend)
    memory: str = ""
    replicas: int = 1
    secret_name: str = ""
    """Secret with the credentials for one model; another one keeps the Secret that it has."""
    secret_for: str = ""
    """URI of that model."""
    ledger: str = ""
    """Ledger that the model servers write predictions to; empty to record nothing."""


def place_of(namespace: str, deployment: str, owner_uid: str, spec: Spec, ledger: str) -> Place:
    """The place that a spec asks for; servers write to the ledger that answers its gates."""
    return Place(
        namespace=namespace,
        deployment=deployment,
        owner_uid=owner_uid,
        ledger=ledger,
        backend=spec.backend,
        memory=spec.model.memory,
        replicas=spec.model.replicas,
        secret_name=spec.model.secret_name or "",
        secret_for=spec.model.uri,
    )
