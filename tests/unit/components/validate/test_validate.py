import pandas as pd
import pytest
from sluice_components.dataset import read_frame, write_frame
from sluice_components.errors import ContractError
from sluice_components.project.reserved import UNREADABLE
from sluice_components.validate.report import markdown
from sluice_components.validate.stage import validate
from tables import contract

SCHEMA = contract(
    age={"type": "integer", "minimum": 0, "maximum": 120},
    plan={"type": "string", "categories": ["a", "b"]},
    price={"type": "float", "nullable": True},
)


def frame(**columns):
    rows = {"age": [30, 121, 40], "plan": ["a", "c", "b"], "price": [1.0, None, 3.0], **columns}
    return pd.DataFrame(rows).astype({"age": "Int64", "plan": "str", "price": "float64"})


@pytest.fixture
def run(tmp_path):
    def run(table, schema=SCHEMA):
        raw, clean, bad = (tmp_path / f"{name}.parquet" for name in ("raw", "clean", "bad"))
        write_frame(table, raw)
        report = validate(raw, schema, clean=clean, quarantine=bad)
        return report, read_frame(clean), read_frame(bad)

    return run


def test_a_bad_row_goes_to_quarantine_with_every_reason(run):
    report, clean, bad = run(frame())

    assert bad["reasons"].tolist() == ["age: above 120 (121); plan: not one of the categories (c)"]
    assert bad[["age", "plan"]].to_numpy().tolist() == [[121, "c"]]
    assert clean["age"].tolist() == [30, 40]
    assert (report.rows, report.clean, report.quarantined) == (3, 2, 1)


def test_the_report_counts_the_rows_per_reason(run):
    table = frame(age=[-1, 121, 122, 50], plan=["a", "a", None, "b"], price=[1, 2, 3, 4])

    report, *_ = run(table)

    assert report.reasons == {"age: above 120": 2, "age: below 0": 1, "plan: missing": 1}
    assert next(iter(report.reasons)) == "age: above 120"
    assert report.missing == {"age": 0, "plan": 0.25, "price": 0}


def test_a_missing_value_is_fine_where_the_contract_allows_it(run):
    _, clean, bad = run(frame(age=[30, 31, 40], plan=["a", "a", "b"]))

    assert clean["price"].isna().tolist() == [False, True, False]
    assert bad.empty
    assert list(bad.columns) == ["age", "plan", "price", "reasons"]


def test_a_missing_value_elsewhere_is_a_reason(run):
    _, clean, bad = run(frame(age=[30, None, 40], plan=["a", "a", "b"]))

    assert bad["reasons"].tolist() == ["age: missing"]
    assert str(clean["age"].dtype) == "int64"


def test_a_cell_that_could_not_be_read_is_a_reason_with_its_text(run):
    table = frame(age=[30, None, 40], plan=["a", "c", "b"])
    table[f"{UNREADABLE}age"] = pd.Series([None, "forty", None], dtype="str")

    report, clean, bad = run(table)

    assert bad["reasons"].tolist() == [
        "age: not of type integer ('forty'); plan: not one of the categories (c)"
    ]
    assert list(clean.columns) == ["age", "plan", "price"]
    assert report.missing["age"] == 0


def test_a_missing_and_an_unreadable_cell_of_one_column_have_their_own_reasons(run):
    table = frame(age=[None, None, 40], plan=["a", "a", "b"])
    table[f"{UNREADABLE}age"] = pd.Series([None, "forty", None], dtype="str")

    _, _, bad = run(table)

    assert bad["reasons"].tolist() == ["age: missing", "age: not of type integer ('forty')"]


def test_an_unreadable_cell_of_a_nullable_column_is_not_lost(run):
    table = frame(age=[1, 2, 3], plan=["a", "a", "b"], price=[1, None, 3])
    table[f"{UNREADABLE}price"] = pd.Series([None, "dear", None], dtype="str")

    assert run(table)[2]["reasons"].tolist() == ["price: not of type float ('dear')"]


@pytest.mark.parametrize(("missing", "passes"), [(9, True), (10, True), (11, False)])
def test_the_share_of_missing_values_is_judged_for_the_whole_set(run, missing, passes):
    schema = contract(x={"type": "float", "nullable": True, "max_missing": 0.1})
    table = pd.DataFrame({"x": [None] * missing + [1.0] * (100 - missing)}, dtype="float64")

    if passes:
        assert run(table, schema)[0].clean == 100
    else:
        with pytest.raises(
            ContractError,
            match=r"the column 'x' is missing in 11.00% of 100 rows; its max_missing allows 10.00%",
        ):
            run(table, schema)


def test_a_column_that_is_missing_in_all_rows_is_refused(run):
    with pytest.raises(ContractError, match="'price' is missing in all 3 rows; repair the source"):
        run(frame(price=[None, None, None]))


def test_all_hopeless_columns_are_named_at_once(run):
    schema = contract(
        x={"type": "float", "nullable": True}, y={"type": "float", "max_missing": 0.5}
    )
    table = pd.DataFrame({"x": [None] * 4, "y": [None, None, None, 1]}, dtype="float64")

    with pytest.raises(ContractError, match=r"'x' is missing in all 4 rows.*; and .*'y'"):
        run(table, schema)


def test_a_set_without_one_good_row_is_refused_with_the_main_reason(run):
    with pytest.raises(ContractError) as error:
        run(frame(age=[200, 300, -1], plan=["a", "x", "b"]))

    assert "no row keeps the contract; the most frequent reason is `age: above 120` (2 rows" in str(
        error.value
    )


def test_an_absent_column_is_named(run):
    with pytest.raises(ContractError, match="the column 'price' is not in the table"):
        run(frame().drop(columns="price"))


def test_a_column_of_another_kind_is_named(run):
    with pytest.raises(ContractError, match=r"the column 'price'.*expected series 'price' to have"):
        run(frame().assign(price=["a", "b", "c"]))


def test_plain_types_of_pandas_are_taken_as_well(run):
    table = pd.DataFrame(
        {
            "age": [1, 2],
            "paid": [True, False],
            "at": pd.to_datetime(["2024-01-01", "2024-01-02"]).astype("datetime64[ns]"),
        }
    )

    _, clean, _ = run(table, contract(age="integer", paid="boolean", at="timestamp"))

    assert [str(kind) for kind in clean.dtypes] == ["int64", "bool", "datetime64[us]"]


def test_limits_are_part_of_the_allowed_range(run):
    _, clean, _ = run(frame(age=[0, 120, 121], plan=["a", "a", "a"]))

    assert clean["age"].tolist() == [0, 120]


def test_the_page_shows_counts_reasons_and_missing_values(run):
    page = markdown(run(frame())[0])

    assert "3 rows came in: 2 are clean, 1 are in quarantine." in page
    assert "| age: above 120 | 1 |" in page
    assert "| price | 33.33% |" in page


def test_the_page_of_a_flawless_table_says_none(run):
    page = markdown(run(frame(age=[1, 2, 3], plan=["a", "a", "a"], price=[1, 2, 3]))[0])

    assert page.count("None.") == 2


def test_two_runs_give_the_same_digests(run):
    assert run(frame())[0] == run(frame())[0]
