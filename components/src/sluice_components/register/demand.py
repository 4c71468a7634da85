"""What a package must have before it may be registered; each demand is a sentence and a check."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from sluice_package.error import PackageError
from sluice_package.layout import CARD, METRICS, MODEL, PROFILE
from sluice_package.package import ModelPackage

from sluice_components.errors import AcceptanceError, RegistrationError
from sluice_components.evaluation import Evaluation


def complete(folder: Path) -> ModelPackage:
    """The package, if nothing is missing from it.

    Raises:
        RegistrationError: It is no package, was changed, or lacks signature, profile or card.
    """
    try:
        package = ModelPackage.open(folder)
        for demand in DEMANDS:
            demand(package)
    except PackageError as wrong:
        raise RegistrationError(f"{folder}: not registered: {wrong}") from wrong
    return package


def refuse_unaccepted(folder: Path, found: Evaluation, report: Path | None = None) -> None:
    """A model that failed a rule is not offered to anybody.

    Raises:
        AcceptanceError: Naming every rule that is not met.
    """
    if found.accepted:
        return
    where = f" (report: {report})" if report is not None else ""
    raise AcceptanceError(
        f"{folder}: not registered: {'; '.join(found.refusals)}{where}; improve the model, or "
        "change the rule in the project file, and train again"
    )


def evaluation_of(package: ModelPackage) -> Evaluation:
    """What evaluation found, as it was sealed."""
    findings = dict(package.metrics)
    findings.pop("accepted", None)  # follows from the rest
    return Evaluation.model_validate(findings)


def has_signature(package: ModelPackage) -> None:
    """Without a signature MLflow and its servers check no input."""
    described: dict[str, Any] = yaml.safe_load(package.read(MODEL)) or {}
    signature = described.get("signature") or {}
    if not (signature.get("inputs") and signature.get("outputs")):
        raise RegistrationError(
            f"{package.folder}: not registered: {MODEL} has no signature for inputs and outputs; "
            "save the model with one (the stage `package` does), then seal it again"
        )


def has_profile(package: ModelPackage) -> None:
    """Without a profile nobody can say later that the inputs have drifted."""
    _refuse_absent(package, PROFILE, "the profile of the training data")
    if package.profile.rows == 0:
        raise RegistrationError(
            f"{package.folder}: not registered: {PROFILE} is of no rows; profile the training data"
        )


def has_card(package: ModelPackage) -> None:
    """Without a card nobody knows what the model is for."""
    _refuse_absent(package, CARD, "the model card")


def has_findings(package: ModelPackage) -> None:
    """Without findings nobody knows whether it may be registered."""
    _refuse_absent(package, METRICS, "what evaluation found")


def _refuse_absent(package: ModelPackage, path: str, what: str) -> None:
    if path not in package.manifest.files:
        raise RegistrationError(
            f"{package.folder}: not registered: {path} is missing, {what}; package the model again"
        )


DEMANDS: tuple[Callable[[ModelPackage], None], ...] = (
    has_signature,
    has_profile,
    has_card,
    has_findings,
)
"""In this order; the first that is not met is named."""
