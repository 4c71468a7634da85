"""What validation found, as numbers and as a page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sluice_components.dataset import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """Where the rows went, and why; `rows` is always `clean` plus `quarantined`."""

    rows: int
    clean: int
    quarantined: int
    reasons: Mapping[str, int]
    """Rows per broken rule, most frequent first; a row that breaks two rules counts in both."""
    missing: Mapping[str, float]
    """Share of missing values per column of the table as it came in, 0 to 1."""
    clean_digest: str
    quarantine_digest: str

    def __post_init__(self) -> None:
        assert self.rows == self.clean + self.quarantined, "validation lost or made up rows"

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON and for artifact metadata."""
        return asdict(self)


def report_of(
    rows: int,
    manifests: tuple[Manifest, Manifest],
    reasons: Mapping[str, int],
    missing: Mapping[str, float],
) -> ValidationReport:
    """The report on a table whose clean and quarantined parts have these manifests."""
    clean, quarantine = manifests
    return ValidationReport(
        rows=rows,
        clean=clean.rows,
        quarantined=quarantine.rows,
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        missing=missing,
        clean_digest=clean.digest,
        quarantine_digest=quarantine.digest,
    )


def markdown(report: ValidationReport) -> str:
    """The report as a page."""
    reasons = [f"| {_cell(reason)} | {count:,} |" for reason, count in report.reasons.items()]
    missing = [
        f"| {_cell(column)} | {share:.2%} |" for column, share in report.missing.items() if share
    ]
    summary = (
        f"{report.rows:,} rows came in: {report.clean:,} are clean,"
        f" {report.quarantined:,} are in quarantine."
    )
    return "\n".join(
        [
            "# Validation",
            summary,
            "",
            *_table("Why rows are in quarantine", ("column: rule", "rows"), reasons),
            *_table("Missing values", ("column", "share of all rows"), missing),
        ]
    )


def _table(title: str, head: tuple[str, str], lines: list[str]) -> list[str]:
    if not lines:
        return [f"## {title}", "None.", ""]
    return [f"## {title}", f"| {head[0]} | {head[1]} |", "| --- | ---: |", *lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
