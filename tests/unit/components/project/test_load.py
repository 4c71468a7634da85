from datetime import datetime, timedelta
from pathlib import Path

import pytest
from project_texts import SOUND, changed, write_project
from sluice_components.errors import ProjectError
from sluice_components.project.load import load_project
from sluice_components.project.section import SourceFormat, TemporalSplit


def complaints(folder: Path, *changes: tuple[str, str]) -> list[str]:
    with pytest.raises(ProjectError) as error:
        load_project(write_project(folder, changed(*changes)))
    return str(error.value).splitlines()


def test_a_sound_project_is_read_with_all_its_sections(tmp_path):
    project = load_project(write_project(tmp_path))

    assert project.name == project.registered_name == "loyal-customers"
    assert project.source.kind is SourceFormat.CSV
    assert project.joins[0].names == ("plan_price",)
    assert project.contract.columns == project.columns
    assert project.features.names == ("age", "plan_price", "plan")
    assert project.split == TemporalSplit(method="temporal", holdout=0.2, gap=timedelta(days=1))
    assert project.estimator.parameters == {"C": 1.0}
    assert project.seed == 0


def test_a_registered_name_of_its_own_wins_over_the_project_name(tmp_path):
    text = SOUND + "register: {name: loyalty, alias: candidate}\n"

    assert load_project(write_project(tmp_path, text)).registered_name == "loyalty"


def test_a_misspelt_key_is_named_with_line_column_and_the_nearest_key(tmp_path):
    assert complaints(tmp_path, ("target:", "tagret:")) == [
        "sluice.yaml:11:1: tagret: 'tagret' is not a key of the project; did you mean 'target'?"
    ]


def test_a_misspelt_key_deep_inside_is_named_with_its_path(tmp_path):
    (found,) = complaints(tmp_path, ("categories:", "categoris:"))

    assert found.startswith("sluice.yaml:7:30: schema[1].categoris: ")
    assert found.endswith("is not a key of this section; did you mean 'categories'?")


def test_a_misspelt_key_of_a_split_is_compared_with_the_keys_of_its_method(tmp_path):
    assert complaints(tmp_path, ("gap:", "gop:")) == [
        "sluice.yaml:14:41: split.gop: 'gop' is not a key of this section; did you mean 'gap'?"
    ]


def test_a_key_like_no_other_is_answered_with_the_keys_that_exist(tmp_path):
    (found,) = complaints(tmp_path, ("features: {numeric", "features: {xyz: 1, numeric"))

    assert found.startswith("sluice.yaml:13:12: features.xyz: ")
    assert found.endswith("; its keys are numeric, categorical, unseen")


def test_a_missing_section_is_named(tmp_path):
    line = "target: {column: months, above: 12, name: loyal}\n"

    (found,) = complaints(tmp_path, (line, ""))
    assert found == (
        "sluice.yaml:1:1: target: the key 'target' is missing; add it, for example "
        "`target: {column: months_stayed, above: 12, name: loyal}`"
    )


def test_a_missing_key_is_placed_at_its_section(tmp_path):
    (found,) = complaints(tmp_path, ("class: sklearn.linear_model.LogisticRegression, ", ""))
    assert found == (
        "sluice.yaml:15:1: estimator.class: the key 'class' is missing; add it, for example "
        "`class: sklearn.linear_model.LogisticRegression`"
    )


@pytest.mark.parametrize("old", ["name: plan, ", "path: raw/customers.csv", "column: months, "])
def test_every_missing_key_comes_with_an_example(tmp_path, old):
    key = old.partition(":")[0]
    (found,) = complaints(tmp_path, (old, ""))
    assert f"the key {key!r} is missing; add it, for example `{key}: " in found


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path):
    found = complaints(
        tmp_path,
        ("name: loyal-customers", "name: Loyal Customers"),
        ("type: integer", "typ: integer"),
        ("numeric: [age, ", "numeric: [agee, "),
        ("LogisticRegression", "LogisticRegresion"),
        ("roc_auc", "roc"),
    )

    places = [line.split(": ")[0] for line in found]
    assert places == [
        "sluice.yaml:1:1",
        "sluice.yaml:8:15",
        "sluice.yaml:13:22",
        "sluice.yaml:15:13",
        "sluice.yaml:17:4",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: loyal-customers", "name: Loyal Customers", "for example 'loyal-customers'"),
        ("name: loyal-customers", f"name: {'x' * 46}", "at most 45"),
        ("raw/customers.csv", "raw/customers.txt", "state `format: csv` or `format: parquet`"),
        ("type: timestamp", "type: timestmp", "did you mean 'timestamp'?"),
        ("[basic, family]", "[basic, 2]", "must be text; write it in quotes: '2'"),
        ("[basic, family]", "basic", "must be a list, such as [a, b] (found 'basic')"),
        ("minimum: 0,", "minimum: none,", "must be a number (found 'none')"),
        ("nullable: true}\ntarget", "nullable: 7}\ntarget", "must be true or false (found 7)"),
        ("minimum: 0, maximum: 120", "minimum: 9, maximum: 1", "minimum 9.0 is above maximum 1.0"),
        (
            "time: signed_up",
            "slices:\ntime: signed_up",
            "is empty; give it a value or remove the key",
        ),
        ("time: signed_up", "seed: 1.5\ntime: signed_up", "must be a whole number (found 1.5)"),
        ("{numeric: [age, plan_price], categorical: [plan]}", "{}", "at least one numeric or"),
        ("{method: temporal, ", "{", "the key 'method' is missing; it must be 'temporal' or"),
        ("method: temporal", "method: temporl", "did you mean 'temporal'?"),
        ("holdout: 0.2, ", "", "state either `holdout` (a share) or `after` (a date)"),
        ("holdout: 0.2", "holdout: 1.2", "less than 1"),
        ("gap: 1d", "gap: 1 day", "'1 day' is not a duration; write one like 90s, 12h or 7d"),
        ("class: sklearn.linear", "class: xgboost.linear", "a class of scikit-learn, such as"),
        ("minimum: 0.6", "", "state `minimum`, `maximum` or both"),
    ],
)
def test_a_wrong_value_is_explained(tmp_path, old, new, message):
    assert message in "\n".join(complaints(tmp_path, (old, new)))


def test_a_window_that_ends_before_it_starts_is_refused(tmp_path):
    window = "window: {start: 2024-03-01, end: 2024-01-01}"

    assert (
        "window: start must be before end"
        in complaints(tmp_path, ("time: signed_up", f"time: signed_up\n{window}"))[0]
    )


@pytest.mark.parametrize("day", ["2024-13-01", "2024-02-30", "soon", "2024"])
def test_a_date_that_does_not_exist_is_placed(tmp_path, day):
    window = f"time: signed_up\nwindow: {{start: {day}}}"

    (found,) = complaints(tmp_path, ("time: signed_up", window))

    start = "sluice.yaml:13:10: window.start: must be a date or a time, such as 2013-01-31 (found "
    assert found in {f"{start}{day})", f"{start}'{day}')"}


def test_a_key_that_is_no_text_is_refused(tmp_path):
    (found,) = complaints(tmp_path, ("time: signed_up", "time: signed_up\n7: x"))

    assert found == "sluice.yaml:13:1: [7]: 7 is not a key of the project; keys are texts"


def test_moments_are_read_as_utc(tmp_path):
    window = "window: {start: 2024-01-01, end: 2024-03-01T02:00:00+02:00}"
    text = changed(("time: signed_up", f"time: signed_up\n{window}"))

    read = load_project(write_project(tmp_path, text)).window

    assert read.start == datetime(2024, 1, 1)  # noqa: DTZ001 - times here carry no zone
    assert read.end == datetime(2024, 3, 1)  # noqa: DTZ001


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path):
    with pytest.raises(ProjectError, match="no such file; `sluice init` writes one"):
        load_project(tmp_path / "sluice.yaml")
