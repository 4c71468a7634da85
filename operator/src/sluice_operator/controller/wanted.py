"""What is wanted of a deployment in a cluster: its object, and the templates that it names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluice_operator.api.load import parse, parse_template
from sluice_operator.api.template import Template, Templates, gates_of, in_force
from sluice_operator.api.v1alpha1 import Spec, TemplateKind
from sluice_operator.cluster.kind import (
    CLUSTER_GATE_TEMPLATE,
    GATE_TEMPLATE,
    Kind,
    Object,
    name_of,
    namespace_of,
)
from sluice_operator.cluster.store import Store
from sluice_operator.errors import SpecError
from sluice_operator.rollout.standing import standing
from sluice_operator.rollout.status import Status

_KINDS: Mapping[str, Kind] = {
    TemplateKind.GATE_TEMPLATE: GATE_TEMPLATE,
    TemplateKind.CLUSTER_GATE_TEMPLATE: CLUSTER_GATE_TEMPLATE,
}
Basis = tuple[int, tuple[str, ...]]
"""Generation of the deployment, and the version of each template that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one look goes by."""

    spec: Spec
    """Templates brought in, and what was left out filled in."""
    basis: Basis
    """What it was made from."""
    unmet: str = ""
    """Why it is not what the object asks for now: a template is missing, or breaks a rule."""
    stands: bool = False
    """Whether nobody could know what was wanted before either."""


def wanted_of(
    body: Object, store: Store, status: Status, before: Wanted | None, kept: Spec | None
) -> Wanted:
    """What to go by now; what cannot be had does not disarm the gates of a rollout under way.

    Args:
        body: The ModelDeployment.
        store: Where its templates are.
        status: Where it stands.
        before: What the last look went by.
        kept: What the last process went by, if it borrowed gates.

    Raises:
        SpecError: The object is unreadable, and nothing was wanted before.
    """
    basis = _basis(body, store)
    if before is not None and before.basis == basis and not before.stands:
        return before
    last = before.spec if before is not None and not before.stands else kept
    try:
        own = parse(document_of(body)).spec
    except SpecError:
        if last is None:
            raise
        return Wanted(spec=last, basis=basis)
    try:
        return Wanted(spec=in_force(own, _templates(body, store)), basis=basis)
    except SpecError as unmet:
        if last is not None:
            return Wanted(spec=last, basis=basis, unmet=str(unmet))
        still = standing(own, status)
        return Wanted(spec=still, basis=basis, unmet=str(unmet), stands=True)


def is_borrowing(body: Object) -> bool:
    """Whether the deployment names templates."""
    return any(_named(body))


def borrows(body: Object, kind: Kind, template: Object) -> bool:
    """Whether the deployment names this template."""
    here = not kind.namespaced or namespace_of(body) == namespace_of(template)
    return here and (kind.kind, name_of(template)) in set(_named(body))


def document_of(body: Object) -> Mapping[str, Any]:
    """The object as a person has written it."""
    metadata = {"name": name_of(body)}
    return {key: body[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": metadata}


def _named(body: Object) -> Iterator[tuple[str, str]]:
    """Kind and name of each template that a deployment names."""
    for ref in (body.get("spec") or {}).get("gateTemplates") or ():
        yield ref.get("kind", TemplateKind.GATE_TEMPLATE.value), ref.get("name", "")


def _found(body: Object, store: Store) -> Iterator[Object | None]:
    for named, name in _named(body):
        kind = _KINDS.get(named)
        if kind is None:
            yield None
            continue
        yield store.get(kind, namespace_of(body) if kind.namespaced else "", name)


def _basis(body: Object, store: Store) -> Basis:
    versions = (
        found["metadata"]["resourceVersion"] if found else "" for found in _found(body, store)
    )
    return int(body["metadata"].get("generation", 0)), tuple(versions)


def _templates(body: Object, store: Store) -> Templates:
    """Those that are there.

    Raises:
        SpecError: One of them is unreadable.
    """
    found = (one for one in _found(body, store) if one is not None)
    return gates_of(tuple(_template(one) for one in found))


def _template(body: Object) -> Template:
    try:
        return parse_template(document_of(body))
    except SpecError as wrong:
        raise SpecError(f"{body['kind']} {name_of(body)!r}: {wrong}") from wrong
