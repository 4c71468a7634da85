"""Which gates hold: a deployment's own, and those of the templates that it names."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from sluice_operator.api.fill import filled
from sluice_operator.api.gate import MOST_GATES, Gate
from sluice_operator.api.rule import problems
from sluice_operator.api.v1alpha1 import (
    ClusterGateTemplate,
    GateTemplate,
    Spec,
    TemplateKind,
    TemplateRef,
)
from sluice_operator.errors import SpecError

Template = GateTemplate | ClusterGateTemplate
Templates = Mapping[tuple[TemplateKind, str], tuple[Gate, ...]]
"""Kind and name of each template that a deployment can see, and its gates."""
NO_TEMPLATES: Templates = MappingProxyType({})


class MissingTemplateError(SpecError):
    """A deployment names a template that is not there; nothing new may begin until it is."""


def gates_of(templates: Iterable[Template]) -> Templates:
    """The gates of templates, by what deployments call them."""
    return {(TemplateKind(t.kind), t.metadata.name): t.spec.gates for t in templates}


def in_force(spec: Spec, templates: Templates = NO_TEMPLATES) -> Spec:
    """What is carried out: templates brought in, and what was left out filled in.

    Raises:
        SpecError: A template is missing, or the gates together break a rule.
    """
    return filled(effective(spec, templates))


def effective(spec: Spec, templates: Templates) -> Spec:
    """The spec with the gates of its templates among its own; those of the same name give way.

    Raises:
        MissingTemplateError: A template is missing.
        SpecError: The gates together break a rule of admission.
    """
    if not spec.gate_templates:
        return spec
    if missing := tuple(_missing(spec, templates)):
        raise MissingTemplateError("\n".join(missing))
    borrowed = (gate for ref in spec.gate_templates for gate in templates[_key(ref)])
    gates = {gate.name: gate for gate in spec.gates}
    for gate in borrowed:
        gates.setdefault(gate.name, gate)
    whole = spec.model_copy(update={"gates": tuple(gates.values()), "gate_templates": ()})
    if broken := tuple(_broken(whole)):
        raise SpecError("\n".join(f"with its gateTemplates: {problem}" for problem in broken))
    return whole


def _key(ref: TemplateRef) -> tuple[TemplateKind, str]:
    return ref.kind, ref.name


def _missing(spec: Spec, templates: Templates) -> Iterator[str]:
    for i, ref in enumerate(spec.gate_templates):
        if _key(ref) not in templates:
            yield (
                f"spec.gateTemplates[{i}]: there is no {ref.kind} {ref.name!r}; create it, or "
                "remove the name"
            )


def _broken(whole: Spec) -> Iterator[str]:
    yield from problems(whole)
    if len(whole.gates) > MOST_GATES:
        yield f"spec.gates: {len(whole.gates)} in all; at most {MOST_GATES}; remove some"
