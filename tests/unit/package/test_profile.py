import numpy as np
import pandas as pd
import pytest
from packages import LOAN_CONTRACT, loan_profile, loans
from sluice_package.error import ProfileError
from sluice_package.profile import Profile, profile_frame
from sluice_package.schema import Column, ColumnType, Schema


def column(values, kind):
    frame = pd.DataFrame({"x": values})
    return profile_frame(frame, Schema(columns=(Column(name="x", type=kind),))).columns["x"]


def test_a_profile_survives_json():
    profile = loan_profile()
    assert Profile.model_validate_json(profile.model_dump_json()) == profile


def test_an_overflown_moment_survives_json():
    sketch = column([1e308, -1e308, 1.0], ColumnType.FLOAT)
    assert sketch.squares == np.inf
    assert type(sketch).model_validate_json(sketch.model_dump_json()) == sketch


def test_columns_outside_of_the_schema_are_not_looked_at():
    frame = loans().assign(note=[object()] * 200)
    assert profile_frame(frame, LOAN_CONTRACT.profiled) == loan_profile()


def test_a_number_column_knows_its_extremes_and_moments():
    frame = loans(5000)
    sketch = profile_frame(frame, LOAN_CONTRACT.profiled).columns["amount"]
    amounts = frame["amount"].dropna()
    assert (sketch.minimum, sketch.maximum) == (amounts.min(), amounts.max())
    assert sketch.mean == pytest.approx(amounts.mean())
    assert sketch.deviation == pytest.approx(amounts.std(ddof=0))
    assert (sketch.count, sketch.missing) == (len(amounts), frame["amount"].isna().sum())


@pytest.mark.parametrize(
    "values",
    [
        [1, None, 3],
        pd.array([1, None, 3], dtype="Int64"),
        pd.array([1, None, 3], dtype="Float64"),
        ["1", None, "3.0"],
    ],
    ids=["gaps", "nullable integers", "nullable floats", "texts"],
)
def test_missing_numbers_are_counted_whatever_the_array(values):
    sketch = column(values, ColumnType.INTEGER)
    assert (sketch.count, sketch.missing, sketch.minimum, sketch.maximum) == (2, 1, 1, 3)


def test_infinities_are_counted_apart():
    sketch = column([1.0, np.inf, -np.inf, np.nan], ColumnType.FLOAT)
    assert (sketch.count, sketch.infinite, sketch.missing) == (1, 2, 1)
    assert sketch.maximum == 1.0


def test_a_column_without_any_value_has_a_profile():
    sketch = column([None, None], ColumnType.FLOAT)
    assert (sketch.count, sketch.missing, sketch.minimum) == (0, 2, None)


def test_integers_with_gaps_are_the_same_categories_as_integers():
    assert column([1, 0, 1], ColumnType.STRING).categories == {"1": 2, "0": 1}
    assert column([1, None, 0, 1], ColumnType.STRING).categories == {"1": 2, "0": 1}


def test_unused_categories_are_not_in_the_profile():
    values = pd.Categorical(["a", "a"], categories=["a", "b"])
    assert column(values, ColumnType.STRING).categories == {"a": 2}


def test_truths_are_counted_by_name():
    values = pd.array([True, False, None, True], dtype="boolean")
    sketch = column(values, ColumnType.BOOLEAN)
    assert (sketch.categories, sketch.missing) == ({"true": 2, "false": 1}, 1)
    assert column([1.0, 0.0, np.nan], ColumnType.BOOLEAN).categories == {"true": 1, "false": 1}


def test_times_are_counted_by_day_in_utc():
    values = pd.to_datetime(["2013-01-01T23:30-05:00", "2013-01-02T01:00Z", None], utc=True)
    sketch = column(values, ColumnType.TIMESTAMP)
    assert (sketch.categories, sketch.missing) == ({"2013-01-02": 2}, 1)


def test_an_absent_column_is_named():
    with pytest.raises(ProfileError, match="Column amount is not in the data"):
        profile_frame(loans().drop(columns="amount"), LOAN_CONTRACT.profiled)


def test_a_text_among_numbers_is_named_with_its_column():
    with pytest.raises(ProfileError, match=r"Column x: .*abc.*; its type is float"):
        column(["1", "abc"], ColumnType.FLOAT)


def test_a_truth_that_is_none_is_named_with_its_column():
    with pytest.raises(ProfileError, match="Column x: 'maybe' is neither true nor false"):
        column(["maybe"], ColumnType.BOOLEAN)


def test_profiles_of_different_columns_do_not_merge():
    other = profile_frame(loans(), Schema(columns=LOAN_CONTRACT.input.columns))
    with pytest.raises(ProfileError, match="Column late is in one profile only"):
        loan_profile().merge(other)


def test_profiles_of_different_kinds_do_not_merge():
    number = Profile(rows=1, columns={"x": column([1], ColumnType.FLOAT)})
    text = Profile(rows=1, columns={"x": column([1], ColumnType.STRING)})
    with pytest.raises(ProfileError, match="Column x is a number here and a category there"):
        number.merge(text)
