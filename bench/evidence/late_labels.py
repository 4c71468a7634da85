"""Labels that come 24 to 72 hours late, restarts, and an upgrade: are decisions still the same?

Two rollouts, a canary on split traffic whose accuracy is judged by matured cohorts, and a shadow
that is judged in pairs, run for days of simulated time with the real core and a real ledger, SQLite
or PostgreSQL. Then they run again on the same answers and labels, with at least twenty restarts
(status and evidence are written as JSON and read back; the ledger is closed and opened anew), and
the ledger is put back to the tables of version 1 once, so that opening it upgrades it. After each
look, status, evidence, cursors, events and the wanted picture must be equal to those of the run
that was never interrupted.

Usage: `python bench/evidence/late_labels.py [--seed 1] [--restarts 24] [--days 8] [--quick]`.
Prints a table, writes build/bench/late_labels.json, and exits with 1 if anything differs.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sluice_ledger.port import Ledger
from sluice_ledger.records import Label
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.simulation.world import START

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "support")]

from late_rollout import LOOK, PLANS, Arrival, Rollout, story  # noqa: E402
from late_store import Store, postgres_store, sqlite_store  # noqa: E402
from postgres_server import postgres  # type: ignore[import-not-found]  # noqa: E402

RESULT = ROOT / "build" / "bench" / "late_labels.json"
UPGRADE_AFTER = timedelta(hours=48)
"""About: labels have come for a day then, no answer has come of age, and nothing is decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Before which looks everything is started anew, and before which of them it is upgraded."""

    restarts: frozenset[int] = frozenset()
    upgrade: int = -1


@dataclass(kw_only=True)
class Run:
    """All looks of one run."""

    store: Store
    trouble: Trouble
    rollouts: list[Rollout] = field(default_factory=lambda: [Rollout(name=n) for n in PLANS])
    _ledger: Ledger | None = None
    _evidence: LedgerEvidence | None = None
    _labels: dict[int, list[Label]] = field(default_factory=dict)

    def play(self, arrivals: Sequence[Sequence[Arrival]]) -> list[list[str]]:
        """What every rollout has decided at every look."""
        self._open()
        for number, coming in enumerate(arrivals):
            if number in self.trouble.restarts:
                self._restart(upgrade=number == self.trouble.upgrade)
            self._turn(number, coming)
        self._close()
        return [one.log for one in self.rollouts]

    def _turn(self, number: int, coming: Sequence[Arrival]) -> None:
        assert self._ledger
        assert self._evidence
        for one in self.rollouts:
            one.world.now = START + number * LOOK
        for one in self.rollouts:
            answers = list(one.answers(coming))
            self._ledger.append_predictions(answers)
            self._know_later(number, one.name, coming)
        self._ledger.append_labels(self._labels.pop(number, []))
        for one in self.rollouts:
            one.look(number, self._evidence)

    def _know_later(self, number: int, name: str, coming: Sequence[Arrival]) -> None:
        given = (START + number * LOOK).timestamp()
        for one in coming:
            if one.deployment == name and one.label_after is not None:
                known = number + one.label_after
                label = Label(
                    request_id=f"{name}-{given:.0f}-{one.number}",
                    row=0,
                    label="1",
                    at=(START + known * LOOK).timestamp(),
                )
                self._labels.setdefault(known, []).append(label)

    def _restart(self, *, upgrade: bool) -> None:
        self._close()
        if upgrade:
            self.store.downgrade()
        for one in self.rollouts:
            one.restart()
        self._open()

    def _open(self) -> None:
        self._ledger = self._opened()
        self._evidence = LedgerEvidence(self._opened)

    def _opened(self) -> Ledger:
        return self.store.open(self._seconds, self._today)

    def _seconds(self) -> float:
        return self.rollouts[0].world.now.timestamp()

    def _today(self) -> date:
        return self.rollouts[0].world.now.date()

    def _close(self) -> None:
        assert self._ledger
        assert self._evidence
        self._ledger.close()
        self._evidence.close()


def main() -> int:
    """Both ledgers, each undisturbed and disturbed."""
    options = _options()
    looks = round(timedelta(days=options.days) / LOOK)
    arrivals = story(options.seed, looks)
    chance = np.random.default_rng([options.seed, 1])
    restarts = sorted(chance.choice(np.arange(4, looks), options.restarts, replace=False).tolist())
    upgrade = min(restarts, key=lambda look: abs(look - UPGRADE_AFTER / LOOK))
    trouble = Trouble(restarts=frozenset(restarts), upgrade=upgrade)
    logs: dict[str, list[list[str]]] = {}
    with tempfile.TemporaryDirectory() as scratch, postgres() as server:
        stores: dict[str, Callable[[str], Store]] = {
            "SQLite": lambda name: sqlite_store(_folder(Path(scratch) / name)),
            "PostgreSQL": lambda _: postgres_store(server.database()),
        }
        for ledger, made in stores.items():
            for name, given in (("undisturbed", Trouble()), ("disturbed", trouble)):
                logs[f"{ledger} {name}"] = Run(store=made(name), trouble=given).play(arrivals)
    return _report(logs, options, trouble)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--restarts", type=int, default=24)
    parser.add_argument("--days", type=float, default=8.0)
    parser.add_argument("--quick", action="store_true", help="five days, ten restarts")
    options = parser.parse_args()
    if options.quick:
        options.days, options.restarts = 5.0, 10
    return options


def _report(logs: dict[str, list[list[str]]], options: argparse.Namespace, trouble: Trouble) -> int:
    told = Table(title=f"Late labels, seed {options.seed}, {options.days:g} days")
    for column in ("ledger", "rollout", "looks", "restarts", "decided", "first difference"):
        told.add_column(column)
    rows = []
    reference = logs["SQLite undisturbed"]
    for name, log in logs.items():
        for place, deployment in enumerate(PLANS):
            differs = _first_difference(reference[place], log[place])
            restarts = len(trouble.restarts) if name.endswith(" disturbed") else 0
            decided = _decided(log[place])
            rows.append(
                {
                    "run": name,
                    "rollout": deployment,
                    "looks": len(log[place]),
                    "restarts": restarts,
                    "decided": decided,
                    "differs": differs,
                }
            )
            told.add_row(
                name, deployment, str(len(log[place])), str(restarts), decided, differs or "none"
            )
    Console().print(told)
    held = all(not row["differs"] and row["decided"] for row in rows)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    record = {"seed": options.seed, "upgrade_before_look": trouble.upgrade, "rows": rows}
    RESULT.write_text(json.dumps(record, indent=1))
    return 0 if held else 1


def _first_difference(one: Sequence[str], other: Sequence[str]) -> str:
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} looks"
    return next(
        (f"look {n}" for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), ""
    )


def _decided(log: Sequence[str]) -> str:
    """How the last attempt ended, and at which look."""
    for line in log:
        number, _, status, _ = json.loads(line)
        history = json.loads(status).get("history")
        if history and history[-1]["revision"]["uri"].endswith("/2"):
            return f"{history[-1]['outcome']} at {number * LOOK / timedelta(hours=1):g} h"
    return ""


if __name__ == "__main__":
    sys.exit(main())
