import pytest
from packages import LOAN_COLUMNS
from pydantic import ValidationError
from sluice_package.contract import Contract
from sluice_package.schema import Column, ColumnType, Schema


def test_the_output_of_a_classification_is_one_of_its_classes():
    contract = Contract(input=LOAN_COLUMNS, target="late", classes=("0", "1"))
    assert contract.output.type is ColumnType.STRING
    assert contract.output.categories == ("0", "1")


def test_the_output_of_a_regression_is_a_number():
    assert Contract(input=LOAN_COLUMNS, target="delay").output.type is ColumnType.FLOAT


def test_the_profile_covers_the_inputs_and_then_the_output():
    names = [c.name for c in Contract(input=LOAN_COLUMNS, target="delay").profiled.columns]
    assert names == ["amount", "age", "region", "member", "delay"]


def test_a_target_among_the_inputs_is_refused():
    with pytest.raises(ValidationError, match="'age' is among the input columns"):
        Contract(input=LOAN_COLUMNS, target="age")


def test_a_column_that_stands_twice_is_refused():
    column = Column(name="age", type=ColumnType.INTEGER)
    with pytest.raises(ValidationError, match="column 'age' stands twice"):
        Schema(columns=(column, column))


def test_bounds_in_the_wrong_order_are_refused():
    with pytest.raises(ValidationError, match=r"minimum 5\.0 is above maximum 3\.0"):
        Column(name="age", type=ColumnType.INTEGER, minimum=5, maximum=3)
