"""What an API server does to the bodies of objects before it stores them."""

import json
from datetime import datetime
from typing import Any

from cluster_ownership import Plain
from sluice_operator.cluster.kind import Kind, Object, name_of, namespace_of

SCALARS = {str, int, float, bool, type(None)}


def plain(value: Any) -> Any:
    """A copy of its own, of the types that JSON knows.

    Raises:
        TypeError: JSON cannot say it.
    """
    kind = type(value)  # scalars are told apart before the call: this is most of a write's time
    if kind is dict:
        return {k: v if type(v) in SCALARS else plain(v) for k, v in value.items()}
    if kind is list or kind is tuple:
        return [v if type(v) in SCALARS else plain(v) for v in value]
    return value if kind in SCALARS else json.loads(json.dumps(value))


def typed(kind: Kind, body: Plain) -> Plain:
    """The object, saying its kind."""
    body["apiVersion"] = kind.api_version
    body["kind"] = kind.kind
    return body


def labels_match(labels: Plain, selector: str) -> bool:
    """Whether labels hold every `name=value` and every `name`, and no `!name`, of a selector."""
    for part in filter(None, selector.split(",")):
        if part.startswith("!"):
            if part[1:] in labels:
                return False
            continue
        name, has_value, value = part.partition("=")
        if name not in labels or (has_value and labels[name] != value):
            return False
    return True


def key_of(body: Object) -> tuple[str, str]:
    """Namespace and name."""
    return namespace_of(body), name_of(body)


def named(kind: Kind, key: tuple[str, str]) -> str:
    """The object, as messages name it."""
    return f"{kind.kind} {'/'.join(filter(None, key))}"


def timestamp(moment: datetime) -> str:
    """A moment as objects state it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
