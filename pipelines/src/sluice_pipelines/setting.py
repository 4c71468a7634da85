"""How a pipeline runs in a cluster: the file `cluster.yaml` beside the project, as a value.

What is trained is the project's business; this says with which image, rights, secrets and
resources, and where data and registry are.
"""

from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator
from sluice_components.errors import ProjectError
from sluice_components.image import IMAGE, fixed_image
from sluice_components.permission import SERVICE_ACCOUNT
from sluice_components.project.field import Duration, Section

FILE: Final = "cluster.yaml"
Cpu = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?m?$", examples=["500m", "2"])]
Memory = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(E|Ei|P|Pi|T|Ti|G|Gi|M|Mi|K|Ki)?$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
MountPath = Annotated[str, Field(pattern=r"^/.+")]


class StepSettings(Section):
    """What one step may use, and how often it is tried."""

    cpu: Cpu = "250m"
    """Processor that is set aside."""
    cpu_limit: Cpu = "2"
    """Processor that it gets at most."""
    memory: Memory = "512Mi"
    """Memory that is set aside."""
    memory_limit: Memory = "4Gi"
    """Memory at which it is killed."""
    retries: int = Field(default=1, ge=0, le=10)
    """Further attempts after the first."""
    backoff: Duration = Field(default="30s", validate_default=True)
    """Pause before the second attempt, doubled before each further one, up to 10 minutes."""
    timeout: Duration = Field(default="1h", validate_default=True)
    """After this time an attempt is stopped."""


class Notification(Section):
    """Who is told how a run ended."""

    event: bool = True
    """Record a Kubernetes Event in the namespace of the run."""
    webhook: bool = True
    """Post to the address in `SLUICE_WEBHOOK_URL` of the Secret, if it has one."""


class Deployment(Section):
    """A ModelDeployment that is applied when the model is registered."""

    manifest: str = Field(min_length=1)
    """Its file, relative to this one; `spec.model.uri` and `digest` are filled in."""
    wait: Duration = Field(default="0s", validate_default=True)
    """Time in which its rollout has to end with the model in charge; `0s` does not wait."""


class ClusterSettings(Section):
    """Everything that a cluster has to know beside the project."""

    image: Annotated[str, AfterValidator(fixed_image)] = IMAGE
    """Image of all steps, with a fixed tag or a digest."""
    host: str = ""
    """Address of the Kubeflow Pipelines API; left out, it is reached through the kubeconfig."""
    pages: str = ""
    """Address of Kubeflow's pages, where it is another than that of the API."""
    namespace: Name = "kubeflow"
    """Where runs execute."""
    service_account: Name = SERVICE_ACCOUNT
    """Account of the steps' Pods."""
    base: str = ""
    """Where relative sources lie, for example `s3://bucket/folder`."""
    tracking_uri: str = ""
    """MLflow; left out, `MLFLOW_TRACKING_URI` of the ConfigMap says where it is."""
    artifacts: str = ""
    """Where a new experiment keeps its files; left out, MLflow decides."""
    secret: Name = "sluice-pipeline"  # noqa: S105 - the name of an object
    """Secret with credentials, keyed by the variables that steps read; absent keys are no error."""
    config_map: Name = "sluice-pipeline"
    """ConfigMap with addresses, keyed alike."""
    claims: dict[MountPath, Name] = Field(default_factory=dict)
    """PersistentVolumeClaims by the path at which every step finds them."""
    outputs_claim: str = ""
    """For `sluice train --pods`: claim that is mounted at the workspace where that command runs."""
    pull_secrets: tuple[Name, ...] = ()
    """Secrets with logins to the registry of the image."""
    notify: Notification | None = Notification()
    """Who is told at the end; `null` tells nobody."""
    deploy: Deployment | None = None
    """What is deployed after registration; nothing if left out."""
    steps: dict[str, StepSettings] = Field(default_factory=dict)
    """Resources and patience by step; steps that are left out have the defaults."""

    @model_validator(mode="after")
    def _known_steps(self) -> "ClusterSettings":
        unknown = sorted(set(self.steps) - set(STEPS))
        if unknown:
            raise ValueError(f"steps: {unknown[0]!r} is none of {', '.join(STEPS)}")
        return self

    def step(self, name: str) -> StepSettings:
        """What holds for a step: what the file says, else its default."""
        return self.steps.get(name) or STEPS[name]


def _light(**others: Any) -> StepSettings:
    """A step that asks others, and computes little."""
    lean: dict[str, Any] = {"cpu": "100m", "cpu_limit": "1", "memory": "256Mi"}
    patient = {"memory_limit": "1Gi", "retries": 3, "timeout": "10m"}
    return StepSettings(**lean | patient | others)


STEPS: Final = {
    "fingerprint": _light(timeout="30m"),
    "ingest": StepSettings(memory="1Gi", retries=3),
    "validate": StepSettings(memory="1Gi"),
    "split": StepSettings(memory="1Gi"),
    "train": StepSettings.model_validate(
        {"cpu": "1", "cpu_limit": "4", "memory": "2Gi", "memory_limit": "8Gi", "timeout": "6h"}
    ),
    "champion": _light(),
    "evaluate": StepSettings(cpu="500m", memory="2Gi", memory_limit="8Gi"),
    "package": StepSettings(),
    "register": _light(memory="512Mi"),
    "deploy": _light(retries=1, timeout="6h"),
    "notify": _light(retries=2, timeout="5m"),
}
"""Every step with its defaults. Those that only compute are tried twice, for the sake of nodes that
die; those that ask a server are tried four times."""


def load_settings(path: Path) -> ClusterSettings:
    """Read `cluster.yaml`.

    Raises:
        ProjectError: It cannot be read, or a key is wrong; one line for each.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as absent:
        raise ProjectError(f"{path}: cannot be read: {absent.strerror}") from absent
    except yaml.YAMLError as wrong:
        raise ProjectError(f"{path}: not YAML: {' '.join(str(wrong).split())}") from wrong
    return settings_of(values, path.name)


def settings_of(values: Any, where: str) -> ClusterSettings:
    """The settings of plain values that came from `where`.

    Raises:
        ProjectError: A key is wrong; one line for each.
    """
    try:
        return ClusterSettings.model_validate(values)
    except ValidationError as wrong:
        lines = (_line(where, error) for error in wrong.errors(include_url=False))
        raise ProjectError("\n".join(lines)) from wrong


def read_manifest(settings: ClusterSettings, folder: Path) -> dict[str, Any]:
    """The ModelDeployment that the settings name; empty if they name none.

    Raises:
        ProjectError: The file cannot be read, or holds something else.
    """
    if settings.deploy is None:
        return {}
    path = folder / settings.deploy.manifest
    try:
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as wrong:
        raise ProjectError(f"{path}: cannot be read: {' '.join(str(wrong).split())}") from wrong
    found = manifest if isinstance(manifest, dict) else {}
    if found.get("kind") != "ModelDeployment" or "name" not in found.get("metadata", {}):
        raise ProjectError(f"{path}: holds no ModelDeployment with a name; write one")
    return {key: found[key] for key in ("metadata", "spec") if key in found} | {
        "spec": found.get("spec") or {}
    }


def _line(where: str, error: Any) -> str:
    place = ".".join(str(step) for step in error["loc"])
    return f"{where}: {place or 'file'}: {error['msg']}"
