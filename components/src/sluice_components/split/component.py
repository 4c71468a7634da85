"""The Kubeflow face of split."""

from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def split(
    clean: Input[Dataset],
    plan: dict[str, Any],
    train: Output[Dataset],
    holdout: Output[Dataset],
    counts: Output[Metrics],
) -> None:
    """Make the target and set a hold-out apart; `plan`: split, target, time, window, seed."""
    from sluice_components.split.stage import split_plain

    found = split_plain(clean.path, plan, train.path, holdout.path)
    train.metadata["digest"] = found["train_digest"]
    holdout.metadata["digest"] = found["holdout_digest"]
    counts.metadata.update({key: value for key, value in found.items() if isinstance(value, int)})
