"""What is applied to a cluster before any operator runs: kinds, policy and roles."""

from sluice_operator.api.crd import (
    CLUSTER_GATE_TEMPLATE,
    GATE_TEMPLATE,
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    ROLLOUT_RUN,
    Resource,
    definition_of,
)
from sluice_operator.api.policy import policy as policy_objects
from sluice_operator.api.policy import roles as role_objects

from tools.page.mark import marked_yaml

API = "operator/src/sluice_operator/api/"


def modeldeployments() -> str:
    """The kind that people write."""
    return _definition(MODEL_DEPLOYMENT)


def rolloutruns() -> str:
    """The kind that the operator keeps its record in."""
    return _definition(ROLLOUT_RUN)


def rolloutactions() -> str:
    """The kind by which people steer."""
    return _definition(ROLLOUT_ACTION)


def gatetemplates() -> str:
    """The kind in which the deployments of a namespace share gates."""
    return _definition(GATE_TEMPLATE)


def clustergatetemplates() -> str:
    """The kind in which those of all namespaces do."""
    return _definition(CLUSTER_GATE_TEMPLATE)


def policy() -> str:
    """Who may steer, and under which name."""
    return marked_yaml(policy_objects(), source=f"{API}policy.py")


def roles() -> str:
    """Roles to bind people to."""
    return marked_yaml(role_objects(), source=f"{API}policy.py")


def _definition(resource: Resource) -> str:
    return marked_yaml([definition_of(resource)], source=API)
