"""The Kubeflow face of validate."""

from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Input, Markdown, Metrics, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def validate(
    raw: Input[Dataset],
    schema: list[Any],
    clean: Output[Dataset],
    quarantine: Output[Dataset],
    report: Output[Markdown],
    counts: Output[Metrics],
) -> None:
    """Part the rows that keep the contract from those that do not, with reasons for the latter."""
    from sluice_components.validate.stage import validate_plain

    found = validate_plain(raw.path, schema, clean.path, quarantine.path, report.path)
    clean.metadata["digest"] = found["clean_digest"]
    quarantine.metadata.update(digest=found["quarantine_digest"], reasons=found["reasons"])
    counts.metadata.update({key: found[key] for key in ("rows", "clean", "quarantined")})
