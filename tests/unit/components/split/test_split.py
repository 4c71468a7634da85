from datetime import datetime, timedelta

import pandas as pd
import pytest
from sluice_components.dataset import read_frame, write_frame
from sluice_components.errors import LeakageError, SourceError, TargetError
from sluice_components.project.section import StratifiedSplit, Target, TemporalSplit, Window
from sluice_components.split.stage import SplitPlan, split

LAST_FIFTH = TemporalSplit(method="temporal", holdout=0.2)
RANDOM = StratifiedSplit(method="stratified", holdout=0.25)
LATE = Target(column="delay", above=15, name="late")


def day(number):
    return datetime(2024, 1, number)  # noqa: DTZ001 - times here carry no zone


def table(days=range(1, 21), delays=None):
    days = list(days)
    delays = delays or [10 + 10 * (place % 2) for place in range(len(days))]
    at = pd.Series([day(number) for number in days], dtype="datetime64[us]")
    return pd.DataFrame({"at": at, "x": range(len(days)), "delay": delays}).astype(
        {"delay": "float64"}
    )


@pytest.fixture
def run(tmp_path):
    def run(frame, rule=LAST_FIFTH, target=LATE, **plan):
        clean, train, holdout = (tmp_path / f"{name}.parquet" for name in ("c", "t", "h"))
        write_frame(frame, clean)
        wanted = SplitPlan(**{"split": rule, "target": target, "time": "at", **plan})
        report = split(clean, wanted, train=train, holdout=holdout)
        return report, read_frame(train), read_frame(holdout)

    return run


def test_the_last_share_of_the_rows_is_held_out(run):
    report, train, holdout = run(table())

    assert train["at"].max() == day(16)
    assert holdout["at"].min() == day(17)
    assert (report.train, report.holdout, report.in_gap) == (16, 4, 0)


def test_rows_in_any_order_are_split_by_time_and_keep_their_order(run):
    shuffled = table().sample(frac=1, random_state=3)

    _, train, holdout = run(shuffled)

    assert sorted(holdout["x"]) == [16, 17, 18, 19]
    assert train["x"].tolist() == [x for x in shuffled["x"] if x < 16]


def test_rows_of_one_moment_stay_together(run):
    _, train, holdout = run(table(days=[1, 1, 1, 1, 2, 2, 2, 3, 3, 3]))

    assert holdout["at"].unique().tolist() == [day(3)]
    assert train["at"].max() == day(2)


def test_a_date_in_place_of_a_share_is_the_first_held_out_moment(run):
    rule = TemporalSplit(method="temporal", after=day(11))

    report, train, holdout = run(table(), rule)

    assert (train["at"].max(), holdout["at"].min()) == (day(10), day(11))
    assert report.holdout == 10


def test_rows_within_the_gap_are_in_neither_part_and_counted(run):
    rule = TemporalSplit(method="temporal", holdout=0.2, gap=timedelta(days=3))

    report, train, holdout = run(table(), rule)

    assert (train["at"].max(), holdout["at"].min()) == (day(13), day(17))
    assert report.in_gap == 3


def test_only_rows_of_the_window_are_used(run):
    window = Window(start=day(5), end=day(15))

    report, train, holdout = run(table(), window=window)

    assert (train["at"].min(), holdout["at"].max()) == (day(5), day(14))
    assert report.outside_window == 10


def test_a_window_without_rows_is_refused(run):
    with pytest.raises(SourceError, match=r"no row lies in the window from .*'at' goes from"):
        run(table(), window=Window(start=day(25)))


def test_the_target_is_one_above_the_limit_and_zero_else(run):
    _, train, _ = run(table(delays=[15, 15.5] * 10))

    assert train["late"].tolist() == [0, 1] * 8
    assert str(train["late"].dtype) == "int64"


def test_rows_without_a_target_are_left_out_and_counted(run):
    report, train, holdout = run(table(delays=[None, 10, 20, 10] * 5))

    assert report.without_target == 5
    assert not pd.concat([train, holdout])["delay"].isna().any()


def test_a_column_can_be_the_target_as_it_is(run):
    frame = table().assign(kind=["a", "b"] * 10)

    report, train, _ = run(frame, target=Target(column="kind"))

    assert train["kind"].tolist()[:2] == ["a", "b"]
    assert report.classes == {"a": (8, 2), "b": (8, 2)}


def test_a_truth_value_becomes_a_number_under_its_new_name(run):
    frame = table().assign(won=[True, False] * 10)

    _, train, _ = run(frame, target=Target(column="won", name="outcome"))

    assert train["outcome"].tolist()[:2] == [1, 0]


def test_a_stratified_split_keeps_the_shares_of_the_classes(run):
    frame = table(days=[1] * 400, delays=[10] * 300 + [20] * 100)

    report, *_ = run(frame, RANDOM, time=None)

    assert report.classes == {"0": (225, 75), "1": (75, 25)}


def test_the_same_seed_gives_the_same_digests_and_another_seed_others(run):
    frame = table(days=[1] * 100)

    first, again = (run(frame, RANDOM, seed=7)[0] for _ in range(2))
    other = run(frame, RANDOM, seed=8)[0]

    assert first == again
    assert {first.train_digest, first.holdout_digest}.isdisjoint(
        {other.train_digest, other.holdout_digest}
    )


def test_equal_rows_of_a_stratified_split_stay_on_one_side(run):
    frame = table(days=[1] * 40).assign(x=[number // 4 for number in range(40)])

    _, train, holdout = run(frame, RANDOM)

    rows = [set(map(tuple, part[["x", "late"]].to_numpy())) for part in (train, holdout)]
    assert rows[0].isdisjoint(rows[1])
    assert len(train) + len(holdout) == 40


def test_a_target_with_one_class_is_refused(run):
    with pytest.raises(
        TargetError, match=r"the target 'late' \(column 'delay' above 15\) has only the class 0"
    ):
        run(table(delays=[10] * 20))


def test_a_hold_out_with_one_class_is_refused(run):
    with pytest.raises(TargetError, match="only the class 1 in the 4 rows of the hold-out"):
        run(table(delays=[10, 20] * 8 + [20] * 4))


def test_a_target_that_is_missing_throughout_is_refused(run):
    with pytest.raises(TargetError, match="'delay' is missing in all 20 rows; choose another"):
        run(table(delays=[None] * 20))


def test_a_class_of_one_row_cannot_be_stratified(run):
    with pytest.raises(TargetError, match="the class 1 of the target 'late' has a single row"):
        run(table(delays=[10] * 19 + [20]), RANDOM)


def test_a_hold_out_too_small_for_its_classes_is_refused(run):
    frame = table().assign(kind=list("abcde") * 4)
    tiny = StratifiedSplit(method="stratified", holdout=0.05)

    with pytest.raises(TargetError, match="20 different rows cannot be split: "):
        run(frame, tiny, target=Target(column="kind"))


def test_times_that_are_all_equal_leave_nothing_to_train_on(run):
    with pytest.raises(LeakageError, match="leaves 0 rows for training and 20 held out"):
        run(table(days=[1] * 20))


def test_a_gap_longer_than_the_data_leaves_nothing_to_train_on(run):
    rule = TemporalSplit(method="temporal", holdout=0.2, gap=timedelta(days=30))

    with pytest.raises(LeakageError, match="leaves 0 rows for training"):
        run(table(), rule)


def test_a_date_after_all_rows_holds_nothing_out(run):
    rule = TemporalSplit(method="temporal", after=day(30))

    with pytest.raises(LeakageError, match="20 rows for training and 0 held out"):
        run(table(), rule)
