"""Rivals as subjects, by name."""

from pathlib import Path

from argo import Argo
from subject import Subject


def rival(name: str, binary: Path, crds: Path, poll_seconds: float) -> Subject:
    """A rival's controller as the subject.

    Raises:
        ValueError: Nobody has described that rival yet.
    """
    if name == "argo":
        return Argo(binary=binary, crds=crds, poll_seconds=poll_seconds)
    raise ValueError(f"no such rival: {name}")
