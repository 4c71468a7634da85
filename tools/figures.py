"""Writes the figures that benchmarks and the demo have left in `build/` into docs/figures.md.

Usage: `python tools/figures.py`, after `make bench` or parts of it, and `make demo`. Rows of what
was not run stay as they are. The exit status is 1 when a figure on the page breaks what it is held
to.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "figures.md"
BEGIN: Final = "<!-- rows begin: written by tools/figures.py -->"
END: Final = "<!-- rows end -->"
BROKEN: Final = "**no**"

Row = tuple[str, str]
"""What was found, in words with its figure; and whether it is as promised."""
Document = Mapping[str, Any]


def main(root: Path = ROOT) -> int:
    """Write the page; 1 when one of its rows is not as promised."""
    page = root / PAGE.relative_to(ROOT)
    head, rows, tail = parts_of(page.read_text(encoding="utf-8"))
    rows = [row for name in SOURCES for row in fresh(root, name) or kept(rows, name)]
    text = "\n".join([head + BEGIN, "| command | found | as promised |", "| --- | --- | --- |"])
    page.write_text("\n".join([text, *rows, END + tail]), encoding="utf-8")
    broken = [row for row in rows if row.endswith(f"{BROKEN} |")]
    print("\n".join(broken) or f"{page.relative_to(root)}: {len(rows)} rows, all as promised")
    return 1 if broken else 0


def parts_of(text: str) -> tuple[str, list[str], str]:
    """What stands before the rows, the rows, and what stands after them."""
    head, _, rest = text.partition(BEGIN)
    table, _, tail = rest.partition(END)
    return head, [line for line in table.splitlines() if line.startswith("| `")], tail


def fresh(root: Path, name: str) -> list[str]:
    """The rows of what was run; none if it was not."""
    file, rows_of = SOURCES[name]
    if not (root / "build" / file).exists():
        return []
    found = rows_of(json.loads((root / "build" / file).read_text(encoding="utf-8")))
    return [f"| `{name}` | {words} | {held} |" for words, held in found]


def kept(rows: list[str], name: str) -> list[str]:
    """The rows that the page has of a command."""
    old = [row for row in rows if row.startswith(f"| `{name}` |")]
    return old or [f"| `{name}` | not measured yet | |"]


def held(*, holds: bool) -> str:
    """The last column."""
    return "yes" if holds else BROKEN


def claims(document: Document) -> Iterator[Row]:
    """What a benchmark claims by itself."""
    for one in document["claims"]:
        yield one["claim"], held(holds=one["holds"])


def year(document: Document) -> Iterator[Row]:
    """Training on all flights, and what Kubeflow's runner adds to each step."""
    wall, limit = document["wall_seconds"], document["limit_seconds"]
    words = f"{document['rows']:,} flights from raw tables to a registered model: {wall} s"
    yield f"{words}, at most {limit:.0f} s", held(holds=wall <= limit)
    added = ", ".join(f"{one['step']} {one['added_seconds']} s" for one in document["steps"])
    empty = document["empty_component_seconds"]
    yield f"`kfp.local` adds {added}; an empty component takes {empty} s", "stated"


def weight_change(document: Document) -> Iterator[Row]:
    """How fast a weight change is effective."""
    most, target = document["effective_max_seconds"], document["target_seconds"]
    words = f"slowest of {document['changes']} weight changes under load: {1000 * most:.0f} ms"
    yield f"{words}, at most {1000 * target:.0f} ms", held(holds=most <= target)
    failed = document["failed_requests"]
    words = f"{failed} of {document['requests']:,} requests failed meanwhile"
    yield f"{words}, at most 0", held(holds=failed == 0)


def serving(document: Document) -> Iterator[Row]:
    """The claims, and many rows in one request, which are stated."""
    yield from claims(document)
    for row in document["rows"]:
        if row["rows_per_request"] > 1:
            p50, p99 = row["ratio"].values()
            words = f"{row['rows_per_request']} rows a request: p50 {p50:.2f} of MLServer's"
            yield f"{words}, p99 {p99:.2f}", "stated"


def demo(document: Document) -> Iterator[Row]:
    """What `make demo` has shown."""
    wall, outside = document["wall_seconds"], document["user_errors_outside_candidate"]
    yield f"the whole demo: {wall} s, at most {DEMO_SECONDS} s", held(holds=wall <= DEMO_SECONDS)
    words = f"{outside} of {document['requests']:,} users failed outside a candidate, at most 0"
    yield words, held(holds=outside == 0)
    for one in document["rollouts"]:
        to_zero = one["first_bad_answer_to_zero_weight_seconds"]
        back = "" if to_zero is None else f", first bad answer to 0 % in {to_zero} s"
        words = f"{one['name']}: {one['outcome']}, peak weight {one['peak_weight']} %{back}"
        yield words, held(holds=one["outcome"] == one["expected"])


DEMO_SECONDS: Final = 240
SOURCES: Final[Mapping[str, tuple[str, Callable[[Document], Iterator[Row]]]]] = {
    "make demo": ("demo/summary.json", demo),
    "bench/pipeline/full_year.py": ("bench/pipeline.json", year),
    "bench/engine/detection.py": ("bench/detection.json", claims),
    "bench/engine/outcomes.py": ("bench/outcomes.json", claims),
    "bench/engine/weight_change.py": ("bench/engine.json", weight_change),
    "bench/serving/overhead.py": ("bench/serving.json", serving),
    "bench/judge/error_rate.py": ("bench/judge-error-rate.json", claims),
    "bench/judge/guardrail.py": ("bench/judge-guardrail.json", claims),
    "bench/judge/kinds.py": ("bench/judge-kinds.json", claims),
    "bench/judge/money.py": ("bench/judge-money.json", claims),
    "bench/judge/paired.py": ("bench/judge-paired.json", claims),
    "bench/judge/cost.py": ("bench/judge-cost.json", claims),
    "bench/judge/sticky.py": ("bench/judge-sticky.json", claims),
    "bench/ledger/throughput.py": ("bench/throughput.json", claims),
    "bench/stack/rollouts.py": ("bench/rollouts.json", claims),
}
"""By command: the file that it leaves below `build/`, and how to read it."""


if __name__ == "__main__":
    sys.exit(main())
