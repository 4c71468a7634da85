"""What a rule of admission is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sluice_operator.api.v1alpha1 import Gate, Spec

WITH_GATES = ("ModelDeployment", "GateTemplate", "ClusterGateTemplate")
"""Kinds that have `spec.gates`."""
Check = Callable[[Spec], Iterator[str]]
"""Every breach in words, with the place and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that must hold, so that whoever asks says the same: API server or laptop."""

    name: str
    """A few words with hyphens; tests and pages call the rule by them."""
    at: str
    """Where `self` of the CEL expression is: `spec.gates[]` for each gate, empty for the object."""
    cel: str
    """True for what is admitted; runs in the API server.

    Source: https://kubernetes.io/docs/reference/using-api/cel/
    """
    message: str
    """What is wrong and what to write instead, in one line; the API server adds the place."""
    check: Check | None = None
    """The same on a laptop; None where the type of the field says it, and for changes of an object,
    of which a laptop has only the last."""
    of_gate: Callable[[Gate], str] | None = None
    """The same for a rule about one gate: what is broken, to follow its place; or nothing."""
    kinds: tuple[str, ...] = ("ModelDeployment",)
    """Kinds of objects that it is about."""
