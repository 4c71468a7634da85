"""One MLflow run per pipeline run: what was run, on what, with which parameters, to which end."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sluice_package.package import ModelPackage

from sluice_components.evaluation import Evaluation, scalars
from sluice_components.registry import DIGEST_TAG

LONGEST_VALUE: Final = 500
"""Characters of a parameter or tag that MLflow's pages show."""
LONGEST_DIGEST: Final = 36
"""Characters of a data set's digest that MLflow stores."""


def tags_of(package: ModelPackage) -> dict[str, str]:
    """Digests of the package and of everything that it came from; no tag is empty."""
    lineage = package.lineage
    tags = {
        DIGEST_TAG: package.digest,
        "sluice.data.raw": lineage["data"]["raw"],
        "sluice.data.training": lineage["data"]["training"],
        "sluice.data.holdout": lineage["data"]["holdout"],
        "sluice.code": lineage["code"]["digest"],
        "sluice.parameters": lineage["parameters"]["digest"],
        "sluice.environment": lineage["environment"]["digest"],
    }
    commit = lineage["code"]["commit"]
    return tags | ({"mlflow.source.git.commit": commit} if commit else {})


def parameters_of(package: ModelPackage) -> dict[str, str]:
    """The project as flat parameters: `estimator.class`, `split.holdout`, `features.numeric`."""
    values = package.lineage["parameters"]["values"]
    flat = {name: text for name, text in _flat("", values) if text}
    return {name: text[:LONGEST_VALUE] for name, text in flat.items()}


def metrics_of(found: Evaluation) -> dict[str, float]:
    """Every metric, and precision and recall of each class."""
    per_class = {
        f"{kind}/{_key(one.name)}": value
        for one in found.per_class
        for kind, value in (("precision", one.precision), ("recall", one.recall))
    }
    return {**found.metrics, **per_class, "holdout_rows": float(found.rows)}


def record_run(client: Any, experiment: str, package: ModelPackage, found: Evaluation) -> str:
    """Write the run in two calls, whatever the number of metrics; its id."""
    from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415 - slow, and only here

    tags = {**tags_of(package), "sluice.accepted": str(found.accepted).lower()}
    run = client.create_run(experiment, run_name=package.digest.removeprefix("sha256:")[:12])
    now = int(time.time() * 1000)
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(n, v, now, 0) for n, v in scalars(metrics_of(found)).items()],
        params=[Param(n, v) for n, v in parameters_of(package).items()],
        tags=[RunTag(n, v) for n, v in tags.items()],
    )
    client.log_inputs(run.info.run_id, datasets=_datasets(package.lineage["data"]))
    return str(run.info.run_id)


def _datasets(data: Mapping[str, Any]) -> list[Any]:
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415

    return [
        DatasetInput(
            dataset=Dataset(
                name=part,
                digest=data[part].removeprefix("sha256:")[:LONGEST_DIGEST],
                source_type="sluice",
                source=f'{{"digest": "{data[part]}"}}',
                profile=f'{{"num_rows": {data[f"{part}_rows"]}}}',
            ),
            tags=[InputTag(key="mlflow.data.context", value=part)],
        )
        for part in ("training", "holdout")
    ]


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for position, inner in enumerate(value):
            yield from _flat(f"{prefix}.{position}", inner)
    elif isinstance(value, list):
        yield prefix, ", ".join(str(item) for item in value)
    else:
        yield prefix, str(value)


def _key(name: str) -> str:
    """A class name as part of a metric's name, which MLflow restricts."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-. ") else "_" for c in name)
