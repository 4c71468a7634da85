"""The Kubeflow face of package."""

from typing import Any

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def package(
    model: Input[Model],
    raw: Input[Dataset],
    train: Input[Dataset],
    evaluation: Input[Artifact],
    project: dict[str, Any],
    commit: str,
    package: Output[Model],
) -> str:
    """Seal model, contract, profile, lineage, findings and card in one folder; its digest."""
    from sluice_components.package.stage import package_plain

    paths = {
        "model": model.path,
        "train": train.path,
        "evaluation": evaluation.path,
        "package": package.path,
    }
    origin = {"raw_digest": raw.metadata["digest"], "commit": commit}
    package.metadata.update(package_plain(paths, project, origin, model.metadata["warnings"]))
    return str(package.metadata["digest"])
