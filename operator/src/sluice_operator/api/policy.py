"""Who may ask what of a rollout: a policy of the API server, and roles to bind people to.

A RolloutAction is carried out by the operator, which may do anything. So the API server asks at
admission whether the person may: by custom verbs on ModelDeployments, one for each verb of ours.
The same policy makes sure that `spec.by` tells the truth.

Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from sluice_operator.api.crd import (
    GATE_TEMPLATE,
    GROUP,
    MODEL_DEPLOYMENT,
    RESOURCES,
    ROLLOUT_ACTION,
    VERSION,
)
from sluice_operator.api.schema import Node
from sluice_operator.model import Verb

NAME = "rolloutactions.sluice.dev"
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_MAY = (
    f"authorizer.group('{GROUP}').resource('{MODEL_DEPLOYMENT.plural}')"
    ".namespace(request.namespace).name(object.spec.target)"
    ".check(object.spec.verb.lowerAscii()).allowed()"
)


def right_of(verb: Verb) -> str:
    """The verb of RBAC that a person needs on the ModelDeployment."""
    return verb.value.lower()


def policy() -> tuple[Node, ...]:
    """The policy, and the binding that puts it in force everywhere."""
    return (
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": NAME},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {
                    "resourceRules": [
                        {
                            "apiGroups": [GROUP],
                            "apiVersions": [VERSION],
                            "operations": ["CREATE"],
                            "resources": [ROLLOUT_ACTION.plural],
                        }
                    ]
                },
                "validations": [_honest(), _entitled()],
            },
        },
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": NAME},
            "spec": {"policyName": NAME, "validationActions": ["Deny"]},
        },
    )


def _honest() -> Node:
    return {
        "expression": "object.spec.by == request.userInfo.username",
        "messageExpression": "'spec.by: the API server knows you as '"
        " + request.userInfo.username + '; write that name'",
        "reason": "Forbidden",
    }


def _entitled() -> Node:
    return {
        "expression": _MAY,
        "messageExpression": "request.userInfo.username + ' may not '"
        f" + object.spec.verb.lowerAscii() + ' {MODEL_DEPLOYMENT.plural}/'"
        " + object.spec.target + '; ask for a role with that verb, for example sluice-releaser'",
        "reason": "Forbidden",
    }


def roles() -> tuple[Node, ...]:
    """Reading, wishing and steering; the first two are part of Kubernetes' own view and edit."""
    everything = [resource.plural for resource in RESOURCES]
    return (
        _role("sluice-viewer", "view", _rule(everything, _READ)),
        _role(
            "sluice-editor",
            "edit",
            _rule([MODEL_DEPLOYMENT.plural, GATE_TEMPLATE.plural], _WRITE),
        ),
        _role(
            "sluice-releaser",
            "",
            _rule(everything, _READ),
            _rule([ROLLOUT_ACTION.plural], ["create"]),
            _rule([MODEL_DEPLOYMENT.plural], sorted(right_of(verb) for verb in Verb)),
        ),
    )


def _rule(resources: list[str], verbs: list[str]) -> Node:
    return {"apiGroups": [GROUP], "resources": resources, "verbs": verbs}


def _role(name: str, part_of: str, *rules: Node) -> Node:
    label = f"rbac.authorization.k8s.io/aggregate-to-{part_of}"
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name} | ({"labels": {label: "true"}} if part_of else {}),
        "rules": list(rules),
    }
