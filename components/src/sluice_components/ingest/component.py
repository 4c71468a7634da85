"""The Kubeflow faces of ingest: what the sources hold, and the reading of them."""

from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def fingerprint(base: str, sources: list[Any]) -> str:
    """Digest of what the sources hold now; `ingest` takes it, so that a cache goes by content."""
    from sluice_components.ingest.fingerprint import fingerprint_plain

    return fingerprint_plain(base, sources)


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def ingest(
    base: str,
    source: dict[str, Any],
    joins: list[Any],
    schema: list[Any],
    raw: Output[Dataset],
    content: str = "",
) -> int:
    """Read the sources below `base` into one table with the columns of `schema`; count its rows."""
    from sluice_components.ingest.stage import ingest_plain

    raw.metadata.update(ingest_plain(base, source, joins, schema, raw.path))
    raw.metadata["content"] = content
    return int(raw.metadata["rows"])
