"""What the sources hold, as one digest: by it, a cache knows whether `ingest` has to run."""

from collections.abc import Sequence
from pathlib import Path

from sluice_components.environment import digest_of, environment, source_digest
from sluice_components.errors import SourceError
from sluice_components.ingest.place import place_of


def content_digests(base: Path | str, paths: Sequence[str]) -> dict[str, str]:
    """sha256 of each source by its path; a source that cannot be read counts as such."""
    return {path: _digest(base, path) for path in paths}


def fingerprint_plain(base: str, sources: list[str]) -> str:
    """Digest of the sources, of our code and of what is installed: all that an outcome hangs on."""
    return digest_of(
        {
            "sources": content_digests(base, sources),
            "code": source_digest(),
            "environment": environment()["digest"],
        }
    )


def _digest(base: Path | str, path: str) -> str:
    try:
        return place_of(base, path).digest()
    except (OSError, SourceError) as absent:
        # `ingest` reports it in the words of the project file
        return f"unreadable: {type(absent).__name__}"
