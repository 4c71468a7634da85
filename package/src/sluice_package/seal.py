"""Turning a folder with a saved model into a model package."""

from collections.abc import Mapping
from pathlib import Path

from sluice_package.atomic import write_atomically
from sluice_package.contract import Contract
from sluice_package.digest import MANIFEST, canonical_json, content_paths, sha256_of_file
from sluice_package.error import SealError
from sluice_package.layout import (
    CARD,
    CONTRACT,
    LINEAGE,
    METRICS,
    MODEL,
    PROFILE,
    SERVER_SETTINGS,
)
from sluice_package.manifest import manifest_of
from sluice_package.profile import Profile

FOR_MLSERVER = {"implementation": "sluice_serving.runtime.SluiceModel", "parallel_workers": 0}
"""What makes MLServer, and so Seldon, serve the folder with our runtime, in one process."""


def seal(  # noqa: PLR0913 - these six are what a package is made of
    folder: Path | str,
    *,
    contract: Contract,
    profile: Profile,
    lineage: Mapping[str, object],
    metrics: Mapping[str, object],
    card: str,
) -> str:
    """Write what makes the folder a package, the manifest last; the package's digest.

    Sealing again replaces what was written before; equal content gives an equal digest.

    Raises:
        SealError: The folder holds no model, the profile lacks a column, a value is not JSON, or a
            link stands among the files.
    """
    root = Path(folder)
    _refuse_without_model(root)
    _refuse_incomplete_profile(contract, profile)
    documents = {
        CONTRACT: contract.model_dump(mode="json"),
        PROFILE: profile.model_dump(mode="json"),
        LINEAGE: dict(lineage),
        METRICS: dict(metrics),
    }
    for path, document in documents.items():
        write_atomically(root / path, _json_bytes(path, document))
    write_atomically(root / CARD, card.encode())
    write_atomically(root / SERVER_SETTINGS, canonical_json(FOR_MLSERVER) + b"\n")
    return _write_manifest(root)


def _refuse_without_model(root: Path) -> None:
    if not (root / MODEL).is_file():
        raise SealError(
            f"{root}: no {MODEL} there; save the model into the folder in MLflow's layout first"
        )


def _refuse_incomplete_profile(contract: Contract, profile: Profile) -> None:
    lacking = [c.name for c in contract.profiled.columns if c.name not in profile.columns]
    if lacking:
        raise SealError(
            f"The profile lacks {', '.join(lacking)}; profile the training data with "
            "`profile_frame(frame, contract.profiled)`, which covers every input and the output"
        )


def _json_bytes(path: str, document: object) -> bytes:
    try:
        return canonical_json(document) + b"\n"
    except (TypeError, ValueError) as wrong:
        raise SealError(f"{path}: {wrong}; give plain JSON values (NaN is none)") from wrong


def _write_manifest(root: Path) -> str:
    paths = sorted(content_paths(root))
    links = [path for path in paths if (root / path).is_symlink()]
    if links:
        raise SealError(f"{root / links[0]}: a link; replace it with the file that it stands for")
    manifest = manifest_of({path: sha256_of_file(root / path) for path in paths})
    write_atomically(root / MANIFEST, canonical_json(manifest.model_dump()) + b"\n")
    return manifest.digest
