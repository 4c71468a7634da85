"""A short example of any key, for messages about one that is missing."""

from functools import cache
from typing import Any

import yaml

from sluice_components.project.problem import KeyPath
from sluice_components.project.template import SNIPPETS

_WIDTH = 1000
"""Wider than any example: each is one line."""


def sample_of(path: KeyPath) -> str:
    """The key with a value as `sluice init` writes it; empty where that file has none."""
    node: Any = _sample()
    for step in path:
        node = _child(node, step)
    return "" if node is None else _flow({path[-1]: _short(node)})


@cache
def _sample() -> dict[str, Any]:
    lines = "\n".join(SNIPPETS.values()).format(name="churn").splitlines()
    return dict(yaml.safe_load("\n".join(line.removeprefix("#") for line in lines)))


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, list):
        return node[0] if isinstance(step, int) and node else None
    # a step that is not there may be the tag that pydantic puts into the path of a union
    return node.get(step, node if step == node.get("method") else None) if node else None


def _short(node: Any) -> Any:
    """The first item of each list says enough."""
    if isinstance(node, dict):
        return {key: _short(value) for key, value in node.items()}
    return [_short(item) for item in node[:1]] if isinstance(node, list) else node


def _flow(value: dict[str | int, Any]) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=_WIDTH)
    return text.strip()[1:-1]
