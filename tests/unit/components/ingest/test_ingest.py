import pandas as pd
import pytest
from sluice_components.dataset import read_frame
from sluice_components.errors import ContractError, JoinError, SourceError
from sluice_components.ingest.stage import ingest, ingested
from sluice_components.project.reserved import UNREADABLE
from sluice_components.project.section import Join, Source
from tables import contract, csv_file, parquet_file

SOURCE = Source(path="people.csv")
PLANS = Join(
    source=Source(path="plans.csv"), on=("plan",), columns=("price",), rename={"price": "cost"}
)
CONTRACT = contract(
    age="integer", plan="string", cost={"type": "float", "nullable": True}, paid="boolean"
)


@pytest.fixture
def folder(tmp_path):
    csv_file(tmp_path, "people.csv", "plan,age,paid,town", "b,30,1,Ulm", "a,x,0,Bonn", ",50,1,Kiel")
    csv_file(tmp_path, "plans.csv", "plan,price", "a,1.5", "b,2.5", "c,3.5")
    return tmp_path


def table(folder, *joins, schema=CONTRACT, source=SOURCE):
    return ingested(source, joins, schema.columns, base=folder)


def test_the_table_has_the_columns_and_types_of_the_contract(folder):
    frame = table(folder, PLANS)

    assert list(frame.columns) == ["age", "plan", "cost", "paid", f"{UNREADABLE}age"]
    assert [str(kind) for kind in frame.dtypes] == ["Int64", "str", "float64", "boolean", "str"]


def test_every_row_stays_in_its_order_and_finds_its_match(folder):
    frame = table(folder, PLANS)

    assert frame["plan"].fillna("-").tolist() == ["b", "a", "-"]
    assert frame["cost"].fillna(-1).tolist() == [2.5, 1.5, -1]


def test_a_cell_that_is_not_of_its_type_keeps_its_text_beside_the_row(folder):
    frame = table(folder, PLANS)

    assert frame["age"].fillna(-1).tolist() == [30, -1, 50]
    assert frame[f"{UNREADABLE}age"].fillna("-").tolist() == ["-", "x", "-"]


def test_the_file_equals_the_table_and_the_manifest_counts_it(folder):
    raw = folder / "out" / "raw.parquet"

    manifest = ingest(SOURCE, [PLANS], CONTRACT.columns, base=folder, raw=raw)

    pd.testing.assert_frame_equal(read_frame(raw), table(folder, PLANS))
    assert manifest.rows == 3


def test_the_digest_changes_with_one_cell_and_only_then(folder):
    def digest():
        return ingest(SOURCE, [PLANS], CONTRACT.columns, base=folder, raw=folder / "r").digest

    first = digest()
    people = folder / "people.csv"
    people.write_text(people.read_text().replace("Ulm", "Trier"))
    assert digest() == first  # not a column of the contract
    people.write_text(people.read_text().replace("b,30", "b,31"))
    assert digest() != first


def test_csv_and_parquet_of_the_same_rows_have_the_same_digest(folder):
    parquet_file(
        folder, "people.parquet", plan=["b", "a", None], age=["30", "x", "50"], paid=[1, 0, 1]
    )

    digests = {
        ingest(Source(path=path), [PLANS], CONTRACT.columns, base=folder, raw=folder / "r").digest
        for path in ("people.csv", "people.parquet")
    }

    assert len(digests) == 1


def test_a_missing_key_matches_nothing_not_even_a_missing_key(folder):
    csv_file(folder, "plans.csv", "plan,price", "a,1.5", ",9", ",8")

    assert table(folder, PLANS)["cost"].fillna(-1).tolist() == [-1, 1.5, -1]


def test_a_right_side_that_repeats_a_key_is_refused_with_the_key(folder):
    csv_file(folder, "plans.csv", "plan,price", "a,1.5", "b,2.5", "b,3.5", "b,4")

    with pytest.raises(JoinError, match=r"plans.csv: the key plan=b stands in more than one row"):
        table(folder, PLANS)


def test_keys_of_several_columns_are_unique_together(folder):
    csv_file(folder, "p.csv", "plan,age,price", "b,30,1", "b,31,2")
    join = Join(source=Source(path="p.csv"), on=("plan", "age"), columns=("price",))
    schema = contract(age="integer", plan="string", price="float")

    assert table(folder, join, schema=schema)["price"].fillna(-1).tolist() == [1, -1, -1]


def test_keys_are_compared_in_the_type_of_the_contract(folder):
    csv_file(folder, "people.csv", "at,age", "2024-01-01T06:00:00Z,1", "2024-01-01 07:00,2")
    csv_file(folder, "w.csv", "at,temp", "2024-01-01 06:00:00,5", "2024-01-01T08:00+01:00,6")
    join = Join(source=Source(path="w.csv"), on=("at",), columns=("temp",))

    frame = table(folder, join, schema=contract(at="timestamp", age="integer", temp="float"))

    assert frame["temp"].tolist() == [5, 6]


def test_a_key_outside_the_contract_is_used_and_then_dropped(folder):
    schema = contract(age="integer", cost={"type": "float", "nullable": True})

    frame = table(folder, PLANS, schema=schema)

    assert list(frame.columns) == ["age", "cost", f"{UNREADABLE}age"]
    assert frame["cost"].fillna(-1).tolist() == [2.5, 1.5, -1]


def test_a_joined_column_can_be_the_key_of_the_next_join(folder):
    csv_file(folder, "prices.csv", "price,tier", "1.5,low", "2.5,high")
    second = Join(source=Source(path="prices.csv"), on=("cost",), columns=("tier",))
    csv_file(folder, "prices.csv", "cost,tier", "1.5,low", "2.50,high")
    schema = contract(cost="float", tier="string")

    assert table(folder, PLANS, second, schema=schema)["tier"].fillna("-").tolist() == [
        "high",
        "low",
        "-",
    ]


def test_a_joined_cell_that_is_not_of_its_type_is_kept_for_each_row_that_it_reaches(folder):
    csv_file(folder, "people.csv", "plan,age,paid", "a,1,1", "a,2,1", "b,3,1")
    csv_file(folder, "plans.csv", "plan,price", "a,cheap", "b,2.5")

    frame = table(folder, PLANS)

    assert frame[f"{UNREADABLE}cost"].fillna("-").tolist() == ["cheap", "cheap", "-"]


def test_a_joined_name_that_the_source_has_already_is_refused(folder):
    join = Join(source=Source(path="plans.csv"), on=("plan",), columns=("price",), rename={})
    csv_file(folder, "people.csv", "plan,age,price", "a,1,1")

    with pytest.raises(JoinError, match=r"'price' is in people.csv already; give it a new name"):
        table(folder, join, schema=contract(age="integer", price="float"))


def test_an_absent_key_on_the_right_is_named_with_its_file(folder):
    csv_file(folder, "plans.csv", "plan_name,price", "a,1")

    with pytest.raises(SourceError, match=r"plans.csv: there is no column 'plan'; did you mean"):
        table(folder, PLANS)


def test_a_column_of_the_wrong_type_is_named_with_its_file(folder):
    schema = contract(age="integer", town="float", plan="string")

    with pytest.raises(ContractError, match=r"people.csv: the column 'town' is not of type float"):
        table(folder, schema=schema)
