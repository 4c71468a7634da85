"""Rights as templates of charts, from the tables that the code is held to."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from sluice_components.permission import pipeline_runner_objects
from sluice_operator.cluster.permission import PERMISSIONS, cluster_role, lease_role

from tools.page.mark import SENTENCE

SOURCE = "operator/src/sluice_operator/cluster/permission.py"


def rules() -> str:
    """Three lists: for what has no namespace, for what has one, and for the Lease."""
    everywhere = cluster_role()["rules"]
    lists = {
        "clusterRules": [rule for rule in everywhere if not _namespaced(rule)],
        "namespaceRules": [rule for rule in everywhere if _namespaced(rule)],
        "leaseRules": lease_role()["rules"],
    }
    texts = "\n".join(_definition(f"operator.{name}", rules) for name, rules in lists.items())
    return f"{_mark(SOURCE)}\n{texts}"


def deploy_rules() -> str:
    """What the account of a run's Pods may do with ModelDeployments."""
    role, _ = pipeline_runner_objects()
    source = "components/src/sluice_components/permission.py"
    return f"{_mark(source)}\n{_definition('kfp.deployRules', role['rules'])}"


def _mark(source: str) -> str:
    return f"{{{{- /* {SENTENCE}. Source: {source} */ -}}}}"


def _namespaced(rule: dict[str, Any]) -> bool:
    """Whether all that a rule names has a namespace.

    Raises:
        ValueError: Some of it has, some has not; the table must keep them apart.
    """
    answers = set(_answers(rule))
    if len(answers) != 1:
        raise ValueError(f"one rule for kinds with and without namespace: {rule}")
    return answers.pop()


def _answers(rule: dict[str, Any]) -> Iterator[bool]:
    for permission in PERMISSIONS:
        if permission.resource in rule["resources"] and permission.kind.group in rule["apiGroups"]:
            yield permission.kind.namespaced


def _definition(name: str, rules: Iterable[dict[str, Any]]) -> str:
    text = yaml.safe_dump(list(rules), sort_keys=False, width=100)
    return f'{{{{- define "{name}" -}}}}\n{text}{{{{- end }}}}\n'
