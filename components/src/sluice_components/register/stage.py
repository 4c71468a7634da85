"""Enters a package in the registry: records the run, stores the package, moves the alias."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sluice_package.package import ModelPackage

from sluice_components.register.demand import complete, evaluation_of, refuse_unaccepted
from sluice_components.register.record import record_run, tags_of
from sluice_components.registry import (
    CHAMPION,
    RegisteredVersion,
    connect,
    version_by_alias,
    version_by_digest,
)

PACKAGE_FOLDER: Final = "package"
"""Where the package lies among the artifacts of its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where packages are registered."""

    tracking_uri: str
    name: str
    """Registered model and experiment."""
    alias: str
    artifacts: str = ""
    """Folder or URI for artifacts of a new experiment; empty leaves it to the server."""


def register(folder: Path, shelf: Shelf, report: Path | None = None) -> RegisteredVersion:
    """Register the package and move the alias to it; doing it again changes nothing.

    A package with the same digest is the same version. A model that was not accepted leaves a run
    that says so, and no version.

    Raises:
        RegistrationError: The package lacks what the registry demands, or is not what was sealed.
        AcceptanceError: The model was not accepted; the message names the rules.
    """
    package = complete(folder)
    client = connect(shelf.tracking_uri)
    version = version_by_digest(client, shelf.name, package.digest)
    if version is None:
        version = _entered(client, package, shelf, report)
    client.set_registered_model_alias(shelf.name, shelf.alias, version.version)
    return version


def register_plain(folder: str, shelf: dict[str, str], report: str) -> dict[str, str]:
    """`register` with its arguments as a pipeline hands them over."""
    return asdict(register(Path(folder), Shelf(**shelf), Path(report)))


def champion_source(tracking_uri: str, name: str) -> str:
    """Where the package in charge lies; empty if nobody is."""
    champion = version_by_alias(connect(tracking_uri), name, CHAMPION)
    return "" if champion is None else champion.source


def _entered(
    client: Any, package: ModelPackage, shelf: Shelf, report: Path | None
) -> RegisteredVersion:
    found = evaluation_of(package)
    run = record_run(client, _experiment(client, shelf), package, found)
    outcome = "FAILED"
    try:
        if report is not None:
            client.log_text(run, report.read_text(encoding="utf-8"), "evaluation.html")
        refuse_unaccepted(package.folder, found, report)
        client.log_artifacts(run, str(package.folder), PACKAGE_FOLDER)
        version = _new_version(client, package, shelf, run)
        outcome = "FINISHED"
    finally:
        client.set_terminated(run, outcome)
    return version


def _new_version(client: Any, package: ModelPackage, shelf: Shelf, run: str) -> RegisteredVersion:
    if not client.search_registered_models(f"name='{shelf.name}'", max_results=1):
        client.create_registered_model(shelf.name)
    source = f"{client.get_run(run).info.artifact_uri}/{PACKAGE_FOLDER}"
    made = client.create_model_version(shelf.name, source, run, tags=tags_of(package))
    return RegisteredVersion(
        name=shelf.name,
        version=str(made.version),
        run=run,
        source=source,
        digest=package.digest,
    )


def _experiment(client: Any, shelf: Shelf) -> str:
    known = client.get_experiment_by_name(shelf.name)
    if known is not None:
        return str(known.experiment_id)
    return str(client.create_experiment(shelf.name, artifact_location=shelf.artifacts or None))
