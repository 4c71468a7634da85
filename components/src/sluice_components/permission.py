"""What the ServiceAccount of a pipeline's Pods may do beyond what Kubeflow itself needs.

PERMISSIONS is the whole table: `manifests/rbac/pipeline-runner.yaml` is made from it, and a test
compares it with the requests that an API server was really sent.
"""

from typing import Any, Final

from sluice_components.deploy.stage import GROUP, PLURAL

ROLE_NAME: Final = "sluice-pipeline-runner"
SERVICE_ACCOUNT: Final = "pipeline-runner"
"""Kubeflow's name for the account of a run's Pods."""
PERMISSIONS: Final = (
    # a server-side apply asks for `patch`, and for `create` where the object is not there yet
    (GROUP, PLURAL, ("create", "get", "patch")),
    ("events.k8s.io/v1", "events", ("create",)),
)
"""Group with version, plural, verbs: what `deploy` and `notify` do."""


def pipeline_runner_objects(
    namespace: str = "kubeflow", account: str = SERVICE_ACCOUNT
) -> tuple[dict[str, Any], ...]:
    """The Role, and its binding to the account of the Pods."""
    metadata = {
        "name": ROLE_NAME,
        "namespace": namespace,
        "labels": {"app.kubernetes.io/managed-by": "sluice"},
    }
    api = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{api}/v1",
        "kind": "Role",
        "metadata": metadata,
        "rules": [
            {"apiGroups": [group.partition("/")[0]], "resources": [plural], "verbs": list(verbs)}
            for group, plural, verbs in PERMISSIONS
        ],
    }
    binding = {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": api, "kind": "Role", "name": ROLE_NAME},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
    return role, binding
