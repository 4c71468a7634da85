"""What a gate has counted in an attempt, as a decision in the RolloutRun keeps it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sluice_operator.api.run import MOST_ROWS
from sluice_operator.cluster.port import Plain
from sluice_operator.rollout.split import split_of
from sluice_operator.rollout.status import GateState


def counts_shown(state: GateState) -> Plain:
    """The sums that the gate's evidence rests on, whatever it counts; tables are bounded."""
    evidence = state.evidence.to_json()
    shown: Plain = {}
    if state.evidence.pairs.total:
        shown["pairs"] = evidence["pairs"]
    else:
        shown |= {"stable": evidence["stable"], "candidate": evidence["candidate"]}
    if table := evidence.get("table"):
        shown["table"] = _table(table)
    if worth := evidence.get("worth"):
        shown["worth"] = list(worth)
    if state.coverage:
        shown["coverage"] = [asdict(cohort) for cohort in state.coverage]
    if split := split_of(state):
        shown["split"] = {"observed": round(split[0], 6), "wanted": round(split[1], 6)}
    return shown


def _table(table: Mapping[str, Any]) -> Plain:
    """The rows with most counts, in their order."""
    counts = list(zip(table["candidate"], table["stable"], strict=True))
    largest = sorted(range(len(counts)), key=lambda row: counts[row], reverse=True)[:MOST_ROWS]
    rows = sorted(largest)
    columns = ("names", "stable", "candidate", "shares")
    shown: Plain = {name: [table[name][row] for row in rows] for name in columns if table.get(name)}
    left_out = len(counts) - len(rows)
    return shown | ({"leftOut": left_out} if left_out else {})
