"""Checks between the sections of a project: names that must exist, and names that must not.

Each check states which sections it needs and runs when those are sound, so that a mistake in one
section does not hide the mistakes in the others.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sluice_components.project.problem import Problem

Sections = Mapping[str, Any]
Check = tuple[tuple[str, ...], Callable[..., Iterator[Problem]]]

CHECKS: tuple[Check, ...] = ()


def problems_between(sections: Sections) -> Iterator[Problem]:
    """Every problem that the sound sections have with each other."""
    for needs, check in CHECKS:
        if all(need in sections for need in needs):
            yield from check(*(sections[need] for need in needs))
