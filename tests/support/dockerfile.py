"""Dockerfiles as tests see them: instructions, stages, and what the build context holds."""

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from house import ROOT

_CONTINUED = re.compile(r"\\\n\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction, on one line."""

    word: str
    rest: str
    stage: int
    """Number of the stage, from 0; -1 before the first."""


def paths() -> tuple[Path, ...]:
    """Every Dockerfile of our own images."""
    found = (*ROOT.glob("*/Dockerfile"), *ROOT.glob("images/*/Dockerfile"))
    return tuple(sorted(found))


def name_of(path: Path) -> str:
    """The image that a Dockerfile is for."""
    return f"sluice-{path.parent.name}"


def instructions(path: Path) -> tuple[Instruction, ...]:
    """All instructions, in their order."""
    return tuple(_instructions(path.read_text(encoding="utf-8")))


def _instructions(text: str) -> Iterator[Instruction]:
    stage = -1
    lines = (line for line in text.split("\n") if not line.startswith("#"))
    for line in _CONTINUED.sub("", "\n".join(lines)).split("\n"):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stage += 1
        if word:
            yield Instruction(word=word, rest=rest.strip(), stage=stage)


def is_in_context(name: str) -> bool:
    """Whether .dockerignore lets a path into the build; its last line that fits decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and _fits(name, pattern):
            ignored = not line.startswith("!")
    return not ignored


def _fits(name: str, pattern: str) -> bool:
    parts = name.split("/")
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatch(part, pattern.removeprefix("**/")) for part in parts)
    above = ("/".join(parts[: count + 1]) for count in range(len(parts)))
    return any(fnmatch.fnmatch(one, pattern) for one in above)
