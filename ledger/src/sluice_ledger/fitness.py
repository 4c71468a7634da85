"""Which records a store can keep: one set of rules for the service, its clients and PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sluice_ledger.errors import Refusal
from sluice_ledger.records import KpiEvent, Label, Prediction

LONGEST_NAME = 256
LONGEST_NAME_BYTES = 512
"""Three of them must fit into one entry of an index of PostgreSQL, which takes 2,704 bytes."""
LONGEST_TEXT = 1024
LARGEST_ROW = 2**31 - 1


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds the character NUL, which no database keeps")
    return text


def _short(text: str) -> str:
    if len(text.encode()) > LONGEST_NAME_BYTES:
        raise ValueError(f"is longer than {LONGEST_NAME_BYTES} bytes in UTF-8")
    return text


Name = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_NAME),
    AfterValidator(_without_nul),
    AfterValidator(_short),
]
Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_without_nul)]
Row = Annotated[int, Field(ge=0, le=LARGEST_ROW)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Record(BaseModel):
    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        from_attributes=True,
        use_attribute_docstrings=True,
    )


class PredictionRecord(_Record):
    """A prediction, with the rules for its fields."""

    request_id: Name
    row: Row = 0
    deployment: Name
    revision: Name
    prediction: Text
    confidence: Number | None = None
    mirrored: bool = False
    at: Number


class LabelRecord(_Record):
    """A label, with the rules for its fields."""

    request_id: Name
    row: Row = 0
    label: Text
    at: Number


class KpiEventRecord(_Record):
    """A KPI event, with the rules for its fields."""

    event_id: Name
    request_id: Name
    row: Row = 0
    name: Name
    value: Annotated[Number, Field(ge=-1e100, le=1e100)]
    """Its square must still be a number."""
    at: Number


Kept = TypeVar("Kept", Prediction, Label, KpiEvent)
_RULES: dict[type, TypeAdapter[BaseModel]] = {
    Prediction: TypeAdapter(PredictionRecord),
    Label: TypeAdapter(LabelRecord),
    KpiEvent: TypeAdapter(KpiEventRecord),
}


def sorted_out(records: Iterable[Kept]) -> tuple[list[Kept], tuple[Refusal, ...]]:
    """The records that can be kept, and why the others cannot."""
    fit: list[Kept] = []
    refusals = []
    for index, record in enumerate(records):
        try:
            _RULES[type(record)].validate_python(record, from_attributes=True)
        except ValidationError as wrong:
            refusals.append(Refusal(index=index, reason=reason_in(wrong)))
        else:
            fit.append(record)
    return fit, tuple(refusals)


def reason_in(wrong: ValidationError, skip: int = 0) -> str:
    """The problems in one line: field, then what is wrong with it."""
    return "; ".join(
        f"{_path(error['loc'][skip:])}{error['msg'].removeprefix('Value error, ')}"
        for error in wrong.errors(include_url=False, include_input=False, include_context=False)
    )


def _path(location: Sequence[int | str]) -> str:
    return ".".join(map(str, location)) + ": " if location else ""
