"""The Kubeflow face of ingest."""

from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def ingest(
    base: str, source: dict[str, Any], joins: list[Any], schema: list[Any], raw: Output[Dataset]
) -> int:
    """Read the sources below `base` into one table with the columns of `schema`; count its rows."""
    from sluice_components.ingest.stage import ingest_plain

    raw.metadata.update(ingest_plain(base, source, joins, schema, raw.path))
    return int(raw.metadata["rows"])
