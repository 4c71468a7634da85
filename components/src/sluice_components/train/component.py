"""The Kubeflow face of train."""

from typing import Any

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def train(train: Input[Dataset], plan: dict[str, Any], model: Output[Model]) -> None:
    """Fit one scikit-learn pipeline; `plan`: features, target, estimator, seed."""
    from sluice_components.train.stage import train_plain

    model.metadata.update(train_plain(train.path, plan, model.path))
