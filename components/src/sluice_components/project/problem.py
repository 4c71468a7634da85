"""What is wrong in a project file, and where."""

from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of the file down to a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to put right."""

    path: KeyPath
    message: str
    """What is wrong and what would be right, without the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A spot in the file, as editors count."""

    line: int
    """From 1."""
    column: int
    """From 1."""
    path: str
    """The path as people write it, e.g. `schema[2].type`."""


def spell(path: KeyPath) -> str:
    """The path as people write it: `schema[2].type`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
