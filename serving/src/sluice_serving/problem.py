"""What is wrong with a request, in words for its sender."""

from dataclasses import dataclass
from typing import Any

MOST_PROBLEMS = 20
LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with one field."""

    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"


def summary(problems: list[Problem]) -> str:
    """All problems in one line, up to a limit."""
    told = "; ".join(str(problem) for problem in problems[:MOST_PROBLEMS])
    more = len(problems) - MOST_PROBLEMS
    return f"{told}; and {more} more problems" if more > 0 else told


def shown(value: Any) -> str:
    """A value as a caller would write it, cut if it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def at_rows(bad: list[int], values: list[Any], what: str) -> str:
    """What is wrong with the first of the bad rows, and how many more there are."""
    first = bad[0]
    more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
    return f"row {first}: {shown(values[first])} {what}{more}"
