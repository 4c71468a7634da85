"""The paths of the service that answer gates."""

from dataclasses import asdict
from itertools import pairwise
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from pydantic import AfterValidator

from sluice_ledger import wire
from sluice_ledger.fitness import LONGEST_NAME
from sluice_ledger.records import Bins, Due, KeyFigure, Score
from sluice_ledger.score import MOST_EDGES
from sluice_ledger.server.door import Door

LONGEST_MATURITY_SECONDS = 366 * 86_400.0
Named = Annotated[str, Query(min_length=1, max_length=LONGEST_NAME)]
Cursor = Annotated[int, Query(ge=0)]
Maturity = Annotated[float, Query(ge=0, le=LONGEST_MATURITY_SECONDS)]
Bound = Annotated[float | None, Query(ge=-1e100, le=1e100)]


def _rising(edges: list[float]) -> list[float]:
    if not all(lower < upper for lower, upper in pairwise([*edges, float("inf")])):
        raise ValueError("edges do not rise; give numbers, each greater than the one before")
    return edges


Edges = Annotated[
    list[float], Query(default_factory=list, max_length=MOST_EDGES), AfterValidator(_rising)
]


def add_questions(app: FastAPI, door: Door, allowed: Any) -> None:
    """All of them; `allowed` is the dependency that refuses those who may not read."""
    options: dict[str, Any] = {"dependencies": [allowed]}
    for add in (_add_pairs, _add_arms, _add_scores, _add_aged, _add_standing):
        add(app, door, options)


def _add_pairs(app: FastAPI, door: Door, options: dict[str, Any]) -> None:
    @app.get(wire.PAIRED, **options)
    def paired(
        deployment: Named, stable: Named, candidate: Named, cursor: Cursor
    ) -> wire.PairedOut:
        found = door.ledger().paired_outcomes(deployment, stable, candidate, cursor)
        return wire.PairedOut(**asdict(found))

    @app.get(wire.AGREEMENT, **options)
    def agreement(
        deployment: Named, stable: Named, candidate: Named, cursor: Cursor
    ) -> wire.AgreementOut:
        found = door.ledger().paired_predictions(deployment, stable, candidate, cursor)
        return wire.AgreementOut(**asdict(found))


def _add_arms(app: FastAPI, door: Door, options: dict[str, Any]) -> None:
    @app.get(wire.ARM, **options)
    def arm(deployment: Named, revision: Named, cursor: Cursor) -> wire.ArmOut:
        return wire.ArmOut(**asdict(door.ledger().arm_outcomes(deployment, revision, cursor)))

    @app.get(wire.KPI, **options)
    def kpi(deployment: Named, revision: Named, name: Named, cursor: Cursor) -> wire.KpiOut:
        found = door.ledger().kpi_outcomes(deployment, revision, name, cursor)
        return wire.KpiOut(**asdict(found))

    @app.get(wire.CLASSES, **options)
    def classes(deployment: Named, revision: Named, cursor: Cursor) -> wire.ClassesOut:
        found = door.ledger().predicted_classes(deployment, revision, cursor)
        return wire.ClassesOut(**asdict(found))


def _bins(score: Score, edges: Edges) -> Bins:
    return Bins(score=score, edges=tuple(edges))


def _add_scores(app: FastAPI, door: Door, options: dict[str, Any]) -> None:
    @app.get(wire.DECILES, **options)
    def deciles(deployment: Named, revision: Named, score: Score) -> wire.DecilesOut:
        found = door.ledger().score_deciles(deployment, revision, score)
        return wire.DecilesOut(**asdict(found))

    @app.get(wire.BINS, **options)
    def bins(
        deployment: Named, revision: Named, bins: Annotated[Bins, Depends(_bins)], cursor: Cursor
    ) -> wire.BinsOut:
        found = door.ledger().binned_scores(deployment, revision, bins, cursor)
        return wire.BinsOut(**asdict(found))


def _due(deployment: Named, revision: Named, maturity_seconds: Maturity, cursor: Cursor) -> Due:
    return Due(
        deployment=deployment, revision=revision, maturity_seconds=maturity_seconds, cursor=cursor
    )


def _figure(name: Named, lowest: Bound = None, highest: Bound = None) -> KeyFigure:
    return KeyFigure(name=name, lowest=lowest, highest=highest)


def _add_aged(app: FastAPI, door: Door, options: dict[str, Any]) -> None:
    @app.get(wire.COHORT, **options)
    def cohort(due: Annotated[Due, Depends(_due)]) -> wire.CohortOut:
        return wire.CohortOut(**asdict(door.ledger().cohort_outcomes(due)))

    @app.get(wire.WORTH, **options)
    def worth(
        due: Annotated[Due, Depends(_due)], figure: Annotated[KeyFigure, Depends(_figure)]
    ) -> wire.WorthOut:
        return wire.WorthOut(**asdict(door.ledger().worth_outcomes(due, figure)))


def _add_standing(app: FastAPI, door: Door, options: dict[str, Any]) -> None:
    @app.get(wire.ARRIVAL, **options)
    def arrival() -> wire.ArrivalOut:
        ledger = door.ledger()
        return wire.ArrivalOut(last=ledger.last_arrival(), tick=ledger.present_tick())

    @app.get(wire.CONFLICTS, **options)
    def conflicts() -> wire.ConflictsOut:
        return wire.ConflictsOut(**asdict(door.ledger().conflicts()))
