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
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from rich.console import Console
from rich.table import Table
from sluice_ledger.port import Ledger
from sluice_ledger.postgres.store import PostgresLedger
from sluice_ledger.records import Label, Prediction
from sluice_ledger.store import SqliteLedger
from sluice_operator.api.v1alpha1 import Comparison, ModelDeployment, Spec
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.model import Question, Window
from sluice_operator.rollout.ports import Ports
from sluice_operator.rollout.reconcile import Wish, reconcile
from sluice_operator.rollout.record import decision_to_plain, status_from_json, status_to_json
from sluice_operator.rollout.status import Status
from sluice_operator.simulation.world import START, World

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support")]

from ledger_version_1 import VERSION_1  # type: ignore[import-not-found]  # noqa: E402
from postgres_server import postgres  # type: ignore[import-not-found]  # noqa: E402

RESULT = ROOT / "build" / "bench" / "late_labels.json"
LOOK = timedelta(minutes=30)
MATURITY = timedelta(hours=72)
EARLIEST_HOURS, LATEST_HOURS = 24.0, 72.0
LABELLED = 0.93
UPGRADE_AFTER = timedelta(hours=48)
"""About: labels have come for a day then, no answer has come of age, and nothing is decided."""
ANSWERS = 40
"""Of each deployment, between two looks."""
WRONG = {"split": (0.10, 0.165), "shadow": (0.10, 0.10)}
"""Of stable and of the candidate, by deployment."""
PLANS: dict[str, dict[str, Any]] = {
    "split": {
        "strategy": {
            "type": "Canary",
            "steps": [
                {"setWeight": 30},
                {"analysis": {"gates": ["accuracy"], "minDuration": "1h", "maxDuration": "400h"}},
                {"setWeight": 100},
            ],
        },
        "gates": [
            {
                "name": "accuracy",
                "metric": "Accuracy",
                "comparison": "Relative",
                "margin": "1.3",
                "labels": {"maturity": "72h", "minCoverage": "0.8"},
            }
        ],
    },
    "shadow": {
        "strategy": {
            "type": "Shadow",
            "steps": [
                {"mirror": {"percent": 100}},
                {"analysis": {"gates": ["pairs"], "minDuration": "1h", "maxDuration": "400h"}},
            ],
        },
        "gates": [
            {
                "name": "pairs",
                "metric": "Accuracy",
                "comparison": "Paired",
                "margin": "0.05",
            }
        ],
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One row of a request: who answers it, what is true, and when that is known."""

    number: int
    deployment: str
    chance: float
    """Which revision a split request goes to."""
    is_wrong: tuple[bool, bool]
    label_after: int | None
    """Looks until the label comes; None if it never does."""


def story(seed: int, looks: int) -> list[list[Arrival]]:
    """What users ask between one look and the next, the same for every run."""
    chance = np.random.default_rng(seed)
    hours = LOOK / timedelta(hours=1)
    return [
        [
            Arrival(
                number=number,
                deployment=deployment,
                chance=float(chance.random()),
                is_wrong=(bool(chance.random() < wrong[0]), bool(chance.random() < wrong[1])),
                label_after=round(chance.uniform(EARLIEST_HOURS, LATEST_HOURS) / hours)
                if chance.random() < LABELLED
                else None,
            )
            for deployment, wrong in WRONG.items()
            for number in range(ANSWERS)
        ]
        for _ in range(looks)
    ]


class Matured:
    """Asks for matured cohorts where a gate of split traffic waits for labels.

    The core says so itself once gates know `labels`; saying it twice changes nothing.
    """

    def __init__(self, source: LedgerEvidence) -> None:
        self._source = source

    def windows(self, name: str, questions: tuple[Question, ...]) -> tuple[Window, ...]:
        """See `EvidenceSource.windows`."""
        asked = tuple(
            one if one.comparison == Comparison.PAIRED else replace(one, maturity=MATURITY)
            for one in questions
        )
        return self._source.windows(name, asked)

    def query_of(self, question: Question) -> str:
        """See `EvidenceSource.query_of`."""
        return self._source.query_of(question)

    def close(self) -> None:
        """Let go of the ledger."""
        self._source.close()


@dataclass(kw_only=True)
class Rollout:
    """One deployment with its world, and all that the core remembers of it."""

    name: str
    world: World = field(default_factory=World)
    status: Status = field(init=False)
    log: list[str] = field(default_factory=list)
    """One line for each look: everything that was decided and will be remembered."""

    def __post_init__(self) -> None:
        self.status = Status(deployment=self.name)

    def spec(self, look: int) -> Spec:
        """The first model, and from the second look on another one."""
        return ModelDeployment.model_validate(
            {
                "apiVersion": "sluice.dev/v1alpha1",
                "kind": "ModelDeployment",
                "metadata": {"name": self.name},
                "spec": {
                    "model": {"uri": f"models:/{self.name}/{1 if look < 2 else 2}"},
                    "rollback": {"bake": "0s"},
                    **PLANS[self.name],
                },
            }
        ).spec

    def look(self, number: int, evidence: Matured) -> None:
        """Two turns: what the first has wanted, the second sees."""
        for _ in range(2):
            ports = Ports(serving=self.world, evidence=evidence, clock=lambda: self.world.now)
            turn = reconcile(Wish(spec=self.spec(number)), self.status, ports)
            self.status = turn.decision.status
            decided = decision_to_plain(turn.decision)
            seen = [one.error for one in turn.seen.windows]
            self.log.append(json.dumps([number, decided, status_to_json(self.status), seen]))
            self.world.now += timedelta(seconds=5)

    def restart(self) -> None:
        """All that is remembered goes through text."""
        self.status = status_from_json(status_to_json(self.status))

    def answers(self, arrivals: Sequence[Arrival]) -> Iterator[Prediction]:
        """By whoever has the traffic now."""
        stable, candidate = self.status.stable, self.status.candidate
        for one in arrivals:
            if one.deployment != self.name or stable is None:
                continue
            mirror, weight = self.world.routes.mirror, self.world.routes.weights
            goes_to_candidate = candidate and one.chance * 100 < weight.get(candidate.name, 0)
            if candidate and goes_to_candidate:
                yield self._answer(one, candidate.name, wrong=one.is_wrong[1])
                continue
            is_second = stable.uri.endswith("/2")
            yield self._answer(one, stable.name, wrong=one.is_wrong[is_second])
            if candidate and candidate.name in mirror:
                yield self._answer(one, candidate.name, wrong=one.is_wrong[1], mirrored=True)

    def _answer(
        self, one: Arrival, revision: str, *, wrong: bool, mirrored: bool = False
    ) -> Prediction:
        at = self.world.now.timestamp()
        return Prediction(
            request_id=f"{self.name}-{at:.0f}-{one.number}",
            row=0,
            deployment=self.name,
            revision=revision,
            prediction="0" if wrong else "1",
            confidence=0.9,
            mirrored=mirrored,
            at=at,
        )


@dataclass(kw_only=True)
class Store:
    """A ledger that can be closed, put back to version 1, and opened anew."""

    open: Callable[[Callable[[], float], Callable[[], date]], Ledger]
    downgrade: Callable[[], None]


def sqlite_store(folder: Path) -> Store:
    """One file."""
    path = folder / "ledger.db"
    return Store(
        open=lambda clock, _: SqliteLedger(path, clock), downgrade=lambda: _downgrade_sqlite(path)
    )


def postgres_store(url: str) -> Store:
    """One database."""
    return Store(
        open=lambda clock, today: PostgresLedger(url, today, clock),
        downgrade=lambda: _downgrade_postgres(url),
    )


def _downgrade_sqlite(path: Path) -> None:
    """The same rows as the program of version 1 has them."""
    old = path.with_suffix(".v1")
    with closing(sqlite3.connect(old, isolation_level=None)) as raw:
        raw.executescript(VERSION_1)
        raw.execute("ATTACH ? AS new", (str(path),))
        raw.execute("INSERT INTO prediction SELECT * FROM new.prediction ORDER BY sequence")
        raw.execute("INSERT INTO label SELECT * FROM new.label ORDER BY sequence")
        raw.execute("UPDATE arrival SET last = (SELECT last FROM new.present)")
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()
    old.rename(path)


def _downgrade_postgres(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as raw:
        raw.execute("DROP TABLE cohort, labelled, worth, class, said, agreed")
        raw.execute("ALTER TABLE arrival DROP COLUMN step, DROP COLUMN begun")
        raw.execute("ALTER TABLE prediction DROP COLUMN step")
        raw.execute("DELETE FROM ledger_version WHERE version = 2")


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
    _evidence: Matured | None = None
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
        self._evidence = Matured(LedgerEvidence(self._opened))

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
