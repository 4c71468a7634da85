import pytest
from project_texts import changed, write_project
from sluice_components.errors import ProjectError
from sluice_components.project.load import load_project

JOIN = (
    "- {source: {path: raw/plans.csv}, on: [plan], columns: [price], rename: {price: plan_price}}"
)


def complaint(tmp_path, *changes):
    with pytest.raises(ProjectError) as error:
        load_project(write_project(tmp_path, changed(*changes)))
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "numeric: [age",
            "numeric: [agee",
            "13:22: features.numeric[0]: 'agee' is not a column of the schema; did you mean 'age'?",
        ),
        (
            "column: months",
            "column: moths",
            "11:10: target.column: 'moths' is not a column of the schema; did you mean 'months'?",
        ),
        ("numeric: [age", "numeric: [plan", "'plan' has type string in the schema; here it must"),
        ("categorical: [plan]", "categorical: [plan, age, age]", "'age' is a feature already"),
        ("numeric: [age", "numeric: [months", "'months' is what the model is to predict"),
        ("above: 12, name: loyal", "name: loyal", "give `above` to make two classes of a number"),
        ("column: months", "column: plan", "'plan' has type string in the schema"),
        ("name: loyal}", "name: age}", "'age' is a column of the schema already"),
        ("time: signed_up", "time: signed", "12:1: time: 'signed' is not a column of the schema"),
        ("time: signed_up", "time: age", "'age' has type integer in the schema; here it must be"),
        ("time: signed_up\n", "", "split.method: a temporal split needs the key 'time'"),
        ("type: timestamp", "type: timestamp, nullable: true", "every row needs a time"),
        ("name: age, type: integer, minimum: 0", "name: age, type: string, minimum: 0", "minimum"),
        ("name: age, type", "name: plan, type", "'plan' is in the schema already; keep one"),
        ("name: age, type", "name: reasons, type", "is a name that the quarantine uses"),
        ("time: signed_up", "time: signed_up\nentity: [id]", "entity[0]: 'id' is not a column"),
        ("time: signed_up", "time: signed_up\nslices: [regin]", "slices[0]: 'regin' is not a"),
        ("time: signed_up", "time: signed_up\nprotected: [ag]", "did you mean 'age'?"),
    ],
)
def test_names_and_types_are_checked_between_sections(tmp_path, old, new, message):
    assert message in complaint(tmp_path, (old, new))


def test_numbers_have_no_categories(tmp_path):
    found = complaint(tmp_path, ("maximum: 120", 'maximum: 120, categories: ["1"]'))

    assert "schema[2].categories: type integer has no categories; only string has" in found


def test_a_window_needs_a_time_column(tmp_path):
    found = complaint(
        tmp_path,
        ("time: signed_up", "window: {start: 2024-01-01}"),
        ("{method: temporal, holdout: 0.2, gap: 1d}", "{method: stratified, holdout: 0.2}"),
    )

    assert "window: a window needs the key 'time'" in found


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (
            JOIN.replace("price: plan_price}", "price: plan}"),
            "joins[0].rename.price: the name 'plan' is taken already; choose another",
        ),
        (f"{JOIN}\n{JOIN}", "joins[1].rename.price: the name 'plan_price' is taken already"),
        (
            JOIN.replace("[price]", "[price, price]"),
            "joins[0].rename.price: the name 'plan_price' is taken already",
        ),
        (
            JOIN.replace("rename: {price", "rename: {prize"),
            "joins[0].rename.prize: 'prize' is not among the columns of this join",
        ),
        (
            JOIN.replace("[price]", "[price, colour]"),
            "joins[0].columns[1]: 'colour' is not in the schema, so it would be dropped",
        ),
    ],
)
def test_columns_that_joins_bring_have_free_names_and_a_use(tmp_path, new, message):
    assert message in complaint(tmp_path, (JOIN, new))


def test_a_joined_column_may_serve_as_the_key_of_a_later_join(tmp_path):
    first = "- {source: {path: raw/homes.csv}, on: [age], columns: [town]}"
    second = JOIN.replace("on: [plan]", "on: [town]")

    project = load_project(write_project(tmp_path, changed((JOIN, f"{first}\n{second}"))))

    assert [join.names for join in project.joins] == [("town",), ("plan_price",)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "LogisticRegression",
            "LogisticRegresion",
            "15:13: estimator.class: sklearn.linear_model.LogisticRegresion does not exist; did",
        ),
        ("linear_model.Log", "linear_modle.Log", "did you mean sklearn.linear_model.Logistic"),
        ("LogisticRegression", "Ridge", "sklearn.linear_model.Ridge is not a classifier"),
        ("LogisticRegression", "ridge_regression", "does not exist"),
        (
            "{C: 1.0}",
            "{max_iters: 5}",
            "LogisticRegression takes no parameter 'max_iters'; did you mean 'max_iter'?",
        ),
        ("linear_model.LogisticRegression", "ensemble.VotingClassifier", "'estimators'"),
    ],
)
def test_the_estimator_is_checked_by_its_own_signature(tmp_path, old, new, message):
    assert message in complaint(tmp_path, (old, new))
