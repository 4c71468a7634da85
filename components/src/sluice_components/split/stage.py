"""The work of split: window, target, division, guard, two files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from sluice_components.dataset import Manifest, read_frame, write_frame
from sluice_components.errors import SourceError
from sluice_components.project.section import Split, Target, TemporalSplit, Window
from sluice_components.split.divide import Division, at_random, by_time
from sluice_components.split.guard import refuse_leakage
from sluice_components.split.target import refuse_one_class, with_target

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPlan:
    """What a project says about rows, target and hold-out."""

    split: Split
    target: Target
    time: str | None = None
    window: Window | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitReport:
    """Where the rows of the clean table went; every row is counted once."""

    rows: int
    outside_window: int
    without_target: int
    in_gap: int
    train: int
    holdout: int
    classes: Mapping[str, tuple[int, int]]
    """Rows per class, in training and held out."""
    train_digest: str
    holdout_digest: str

    def __post_init__(self) -> None:
        parts = self.outside_window + self.without_target + self.in_gap + self.train + self.holdout
        assert self.rows == parts, "the split lost or made up rows"

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON and for artifact metadata."""
        return asdict(self)


def split(clean: Path, plan: SplitPlan, *, train: Path, holdout: Path) -> SplitReport:
    """Write training rows and hold-out, both with the learned column; rows keep their order.

    Deterministic: the same table and plan give the same digests.

    Raises:
        TargetError: The target is missing, or has a single class in one of the parts.
        LeakageError: The parts overlap, or one of them is empty.
    """
    frame = read_frame(clean)
    inside = _in_window(frame, plan)
    labelled = with_target(inside, plan.target)
    division = _division(labelled, plan)
    parts = _part(labelled, division, plan)
    manifests = write_frame(parts[0], train), write_frame(parts[1], holdout)
    return _report((frame, inside, labelled), parts, manifests, plan.target.name)


def split_plain(clean: str, plan: Plain, train: str, holdout: str) -> dict[str, Any]:
    """`split` with plain arguments, as a pipeline has them; `plan` holds the sections by key."""
    read = SplitPlan(
        split=TypeAdapter[Split](Split).validate_python(plan["split"]),
        target=Target.model_validate(plan["target"]),
        time=plan.get("time") or None,
        window=Window.model_validate(plan["window"]) if plan.get("window") else None,
        seed=int(plan.get("seed", 0)),
    )
    return split(Path(clean), read, train=Path(train), holdout=Path(holdout)).as_dict()


def _in_window(frame: pd.DataFrame, plan: SplitPlan) -> pd.DataFrame:
    if plan.window is None or plan.time is None:
        return frame
    times, window = frame[plan.time], plan.window
    inside = pd.Series(data=True, index=frame.index)
    if window.start is not None:
        inside &= times >= window.start
    if window.end is not None:
        inside &= times < window.end
    if not inside.any():
        raise SourceError(
            f"no row lies in the window from {window.start} to {window.end}: the column"
            f" {plan.time!r} goes from {times.min()} to {times.max()}"
        )
    return frame[inside]


def _division(frame: pd.DataFrame, plan: SplitPlan) -> Division:
    if isinstance(plan.split, TemporalSplit):
        assert plan.time is not None, "a project with a temporal split has a time column"
        return by_time(frame[plan.time], plan.split)
    return at_random(frame, plan.target.name, plan.split, plan.seed)


def _part(
    frame: pd.DataFrame, division: Division, plan: SplitPlan
) -> tuple[pd.DataFrame, pd.DataFrame]:
    train, holdout = frame[division.train], frame[division.holdout]
    if isinstance(plan.split, TemporalSplit):
        refuse_leakage(train, holdout, time=plan.time, gap=plan.split.gap)
    else:
        refuse_leakage(train, holdout)
    refuse_one_class(train, plan.target, "training part")
    refuse_one_class(holdout, plan.target, "hold-out")
    return train, holdout


def _report(
    stations: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    parts: tuple[pd.DataFrame, pd.DataFrame],
    manifests: tuple[Manifest, Manifest],
    target: str,
) -> SplitReport:
    rows, inside, labelled = (len(frame) for frame in stations)
    train, holdout = (part[target].value_counts() for part in parts)
    classes = sorted({*train.index, *holdout.index})
    return SplitReport(
        rows=rows,
        outside_window=rows - inside,
        without_target=inside - labelled,
        in_gap=labelled - len(parts[0]) - len(parts[1]),
        train=manifests[0].rows,
        holdout=manifests[1].rows,
        classes={str(c): (int(train.get(c, 0)), int(holdout.get(c, 0))) for c in classes},
        train_digest=manifests[0].digest,
        holdout_digest=manifests[1].digest,
    )
