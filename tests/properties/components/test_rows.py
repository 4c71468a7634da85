"""No stage loses a row or makes one up, whatever the table looks like."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sluice_components.dataset import read_frame, write_frame
from sluice_components.errors import LeakageError, TargetError
from sluice_components.ingest.stage import ingest
from sluice_components.project.section import Source, StratifiedSplit, Target, TemporalSplit
from sluice_components.split.stage import SplitPlan, split
from sluice_components.validate.stage import validate
from tables import contract

SCHEMA = contract(
    id="integer",
    count={"type": "integer", "minimum": -5, "maximum": 50},
    share={"type": "float", "nullable": True, "maximum": 0.9},
    plan={"type": "string", "categories": ["a", "b"]},
    paid={"type": "boolean", "nullable": True},
    at="timestamp",
)
CELLS = st.fixed_dictionaries(
    {
        "count": st.sampled_from(["1", "49", "-5", "51", "1.5", "x", ""]),
        "share": st.sampled_from(["0.5", "0.91", "nan", "inf", "", "half"]),
        "plan": st.sampled_from(["a", "b", "c", ""]),
        "paid": st.sampled_from(["true", "0", "maybe", ""]),
        "at": st.sampled_from(["2024-01-01", "2024-02-30", "2024-03-01T00:00Z", "soon", ""]),
    }
)


SOUND = {"count": "1", "share": "0.5", "plan": "a", "paid": "true", "at": "2024-01-01"}
"""One row that keeps the contract: a table with none is refused as a whole, with tests of its own.
"""


@given(bad_and_good=st.lists(CELLS, max_size=60))
@settings(max_examples=25, deadline=None)
def test_every_row_that_comes_in_is_either_clean_or_in_quarantine(bad_and_good):
    rows = [*bad_and_good, SOUND]
    frame = pd.DataFrame([{"id": str(place), **row} for place, row in enumerate(rows)])
    with TemporaryDirectory() as folder:
        base = Path(folder)
        frame.to_csv(base / "in.csv", index=False)
        manifest = ingest(Source(path="in.csv"), [], SCHEMA.columns, base=base, raw=base / "raw")
        report = validate(base / "raw", SCHEMA, clean=base / "clean", quarantine=base / "bad")
        clean, bad = read_frame(base / "clean"), read_frame(base / "bad")

    assert manifest.rows == report.rows == len(rows)
    assert Counter([*clean["id"], *bad["id"]]) == Counter(range(len(rows)))
    assert set(clean["id"]) == {place for place, row in enumerate(rows) if keeps_contract(row)}
    assert (bad["reasons"].str.len() > 0).all()


def keeps_contract(row):
    """The contract once more, in plain words."""
    return (
        row["count"] in {"1", "49", "-5"}
        and row["share"] in {"0.5", "nan", ""}
        and row["plan"] in {"a", "b"}
        and row["paid"] in {"true", "0", ""}
        and row["at"] in {"2024-01-01", "2024-03-01T00:00Z"}
    )


TABLES = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([None, 10.0, 20.0, 30.0]), st.integers(0, 3)),
    min_size=12,
    max_size=80,
)
RULES = st.one_of(
    st.builds(
        TemporalSplit,
        method=st.just("temporal"),
        holdout=st.floats(0.05, 0.95),
        gap=st.sampled_from(["0s", "1d", "2d"]),
    ),
    st.builds(StratifiedSplit, method=st.just("stratified"), holdout=st.floats(0.05, 0.95)),
)


@given(rows=TABLES, rule=RULES, seed=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_the_parts_of_a_split_are_disjoint_and_complete(rows, rule, seed):
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime([f"2024-01-{day:02}" for day, *_ in rows]).astype(
                "datetime64[us]"
            ),
            "delay": pd.Series([delay for _, delay, _ in rows], dtype="float64"),
            "kind": [kind for *_, kind in rows],
        }
    )
    plan = SplitPlan(
        split=rule, target=Target(column="delay", above=15, name="late"), time="at", seed=seed
    )
    with TemporaryDirectory() as folder:
        base = Path(folder)
        write_frame(frame, base / "clean")
        try:
            report = split(base / "clean", plan, train=base / "train", holdout=base / "holdout")
        except (TargetError, LeakageError):
            assume(condition=False)
        again = split(base / "clean", plan, train=base / "t2", holdout=base / "h2")
        train, holdout = content(base / "train"), content(base / "holdout")

    known = Counter(content_of(frame.dropna(subset="delay")))
    assert not set(train) & set(holdout)
    assert sum(train.values()) + sum(holdout.values()) + report.in_gap == sum(known.values())
    assert train + holdout <= known
    if isinstance(rule, StratifiedSplit):
        assert train + holdout == known
    assert again == report


def content(file):
    return Counter(content_of(read_frame(file)))


def content_of(frame):
    return list(map(tuple, frame[["at", "delay", "kind"]].to_numpy()))
