"""The work of validate: refuse a hopeless table, part the good rows from the bad."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sluice_package.schema import Column, Schema

from sluice_components.dataset import dtype_of, read_frame, write_frame
from sluice_components.errors import ContractError
from sluice_components.project.reserved import REASONS, UNREADABLE
from sluice_components.validate.contract import MISSING, Breach, findings, in_contract_types
from sluice_components.validate.report import ValidationReport, markdown, report_of

Plain = dict[str, Any]


def validate(raw: Path, schema: Schema, *, clean: Path, quarantine: Path) -> ValidationReport:
    """Write the rows that keep the contract to `clean`, the others with `reasons` to `quarantine`.

    Raises:
        ContractError: The table as a whole breaks the contract, or not one row keeps it.
    """
    frame = in_contract_types(read_frame(raw).reset_index(drop=True), schema)
    body = frame[[name for name in frame.columns if not name.startswith(UNREADABLE)]]
    found = findings(body, schema)
    _refuse(list(found.misfits), raw)
    breaches = [*_unreadable(frame, schema), *_readable(found.breaches, frame)]
    missing = _missing_shares(frame, schema)
    _refuse([*_too_sparse(frame, schema, missing)], raw)
    reasons = reasons_per_row(len(frame), breaches)
    kept = body[[column.name for column in schema.columns]]
    good, bad = _part(kept, reasons, schema)
    _refuse_nothing_left(len(good), breaches)
    manifests = (write_frame(good, clean), write_frame(bad, quarantine))
    counts = {breach.name: len(breach.rows) for breach in breaches}
    return report_of(len(frame), manifests, counts, missing)


def validate_plain(
    raw: str, schema: list[Plain], clean: str, quarantine: str, page: str
) -> dict[str, Any]:
    """`validate` with its arguments as a pipeline hands them over; writes the report as a page."""
    contract = Schema(columns=tuple(Column.model_validate(column) for column in schema))
    report = validate(Path(raw), contract, clean=Path(clean), quarantine=Path(quarantine))
    Path(page).write_text(markdown(report), encoding="utf-8")
    return report.as_dict()


def reasons_per_row(rows: int, breaches: Sequence[Breach]) -> "pd.Series[str]":
    """For each bad row, by position, all rules that it breaks and the cells that break them."""
    texts = np.full(rows, "", dtype=object)
    for breach in breaches:
        known = texts[breach.rows]
        cells = np.array([_quoted(value) for value in breach.cells], dtype=object)
        texts[breach.rows] = known + np.where(known == "", "", "; ") + breach.name + cells
    reasons = pd.Series(texts, dtype="str")
    return reasons[reasons != ""]


def _quoted(value: Any) -> str:
    return "" if value is None else f" ({value})"


def _unreadable(frame: pd.DataFrame, schema: Schema) -> Iterator[Breach]:
    for column in schema.columns:
        texts = frame.get(f"{UNREADABLE}{column.name}")
        if texts is not None:
            bad = texts[texts.notna()]
            yield Breach(
                column=column.name,
                rule=f"not of type {column.type}",
                rows=bad.index.to_numpy(dtype=np.int64),
                cells=np.array([repr(text) for text in bad], dtype=object),
            )


def _readable(breaches: Sequence[Breach], frame: pd.DataFrame) -> Iterator[Breach]:
    """Breaches without the cells that are missing only because they could not be read."""
    for breach in breaches:
        texts = frame.get(f"{UNREADABLE}{breach.column}")
        if breach.rule == MISSING and texts is not None:
            truly = texts.isna().to_numpy()[breach.rows]
            yield Breach(
                column=breach.column,
                rule=breach.rule,
                rows=breach.rows[truly],
                cells=breach.cells[truly],
            )
        else:
            yield breach


def _missing_shares(frame: pd.DataFrame, schema: Schema) -> dict[str, float]:
    shares = {}
    for column in schema.columns:
        missing = frame[column.name].isna()
        if (texts := frame.get(f"{UNREADABLE}{column.name}")) is not None:
            missing &= texts.isna()
        shares[column.name] = float(missing.mean())
    return shares


def _too_sparse(frame: pd.DataFrame, schema: Schema, missing: dict[str, float]) -> Iterator[str]:
    for column in schema.columns:
        share = missing[column.name]
        if share == 1:
            yield (
                f"the column {column.name!r} is missing in all {len(frame)} rows; repair the"
                " source, or take the column out of the schema"
            )
        elif share > column.max_missing:
            yield (
                f"the column {column.name!r} is missing in {share:.2%} of {len(frame)} rows; its"
                f" max_missing allows {column.max_missing:.2%}"
            )


def _part(
    body: pd.DataFrame, reasons: "pd.Series[str]", schema: Schema
) -> tuple[pd.DataFrame, pd.DataFrame]:
    good = body.drop(index=reasons.index).reset_index(drop=True)
    types = {column.name: dtype_of(column, nullable=column.nullable) for column in schema.columns}
    bad = body.loc[reasons.index].assign(**{REASONS: reasons}).reset_index(drop=True)
    return good.astype(types), bad


def _refuse(complaints: list[str], raw: Path) -> None:
    if complaints:
        raise ContractError(f"{raw}: the data set is refused: " + "; and ".join(complaints))


def _refuse_nothing_left(good: int, breaches: Sequence[Breach]) -> None:
    if good == 0:
        worst = max(breaches, key=lambda breach: len(breach.rows))
        raise ContractError(
            f"no row keeps the contract; the most frequent reason is `{worst.name}`"
            f" ({len(worst.rows)} rows, the first with{_quoted(worst.cells[0]) or ' nothing'});"
            " correct the data or the schema"
        )
