"""What a step is given in a cluster: image, resources, patience, secrets and room to write.

Kubeflow's local runner ignores all of it but retries and plain variables; on a laptop, no step is
fitted out.
"""

from collections.abc import Mapping
from typing import Any, Final

from kfp import kubernetes
from sluice_components.notify.stage import WEBHOOK
from sluice_components.registry import TRACKING_URI

from sluice_pipelines.setting import ClusterSettings, StepSettings

USER: Final = 65532
"""Numeric user of our images; Kubeflow marks steps `runAsNonRoot`."""
LONGEST_PAUSE: Final = "600s"
S3_SECRETS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
S3_ADDRESSES: Final = ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION")
MLFLOW_SECRETS: Final = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
)
MLFLOW_ADDRESSES: Final = (TRACKING_URI, "MLFLOW_S3_ENDPOINT_URL")
READERS: Final = frozenset({"fingerprint", "ingest"})
"""Steps that read sources."""
REGISTRARS: Final = frozenset({"champion", "evaluate", "register"})
"""Steps that ask MLflow, and read or write packages where it keeps them."""


def fit_out(task: Any, step: str, settings: ClusterSettings) -> Any:
    """Give the task of a step what the settings say; the task itself."""
    limits = settings.step(step)
    task.set_container_image(settings.image)
    _set_resources(task, limits)
    _set_patience(task, limits)
    _set_environment(task, step, settings)
    _set_room(task, settings)
    return task


def secrets_of(step: str) -> tuple[str, ...]:
    """Keys of the Secret that a step is shown, each as the variable of that name."""
    if step == "notify":
        return (WEBHOOK,)
    return _of_step(step, S3_SECRETS, MLFLOW_SECRETS)


def addresses_of(step: str) -> tuple[str, ...]:
    """Keys of the ConfigMap that a step is shown."""
    return _of_step(step, S3_ADDRESSES, MLFLOW_ADDRESSES)


def _of_step(step: str, store: tuple[str, ...], registry: tuple[str, ...]) -> tuple[str, ...]:
    if step in READERS:
        return store
    # MLflow hands packages over by itself, unless its server was told to send clients to the store
    return (*store, *registry) if step in REGISTRARS else ()


def _set_resources(task: Any, limits: StepSettings) -> None:
    task.set_cpu_request(limits.cpu)
    task.set_cpu_limit(limits.cpu_limit)
    task.set_memory_request(limits.memory)
    task.set_memory_limit(limits.memory_limit)


def _set_patience(task: Any, limits: StepSettings) -> None:
    if limits.retries:
        task.set_retry(
            num_retries=limits.retries,
            backoff_duration=f"{int(limits.backoff.total_seconds())}s",
            backoff_factor=2.0,
            backoff_max_duration=LONGEST_PAUSE,
        )
    kubernetes.set_timeout(task, int(limits.timeout.total_seconds()))


def _set_environment(task: Any, step: str, settings: ClusterSettings) -> None:
    task.set_env_variable("HOME", "/tmp")  # noqa: S108 - the one folder that can be written
    secrets = _same(secrets_of(step))
    if step == "notify" and not (settings.notify and settings.notify.webhook):
        secrets = {}
    if secrets:
        kubernetes.use_secret_as_env(task, settings.secret, secrets, optional=True)
    addresses = _same(addresses_of(step))
    if settings.tracking_uri and addresses.pop(TRACKING_URI, ""):
        task.set_env_variable(TRACKING_URI, settings.tracking_uri)
    if addresses:
        kubernetes.use_config_map_as_env(task, settings.config_map, addresses, optional=True)


def _set_room(task: Any, settings: ClusterSettings) -> None:
    kubernetes.set_security_context(task, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
    kubernetes.empty_dir_mount(task, volume_name="tmp", mount_path="/tmp")  # noqa: S108
    for path, claim in settings.claims.items():
        kubernetes.mount_pvc(task, pvc_name=claim, mount_path=path)
    if settings.pull_secrets:
        kubernetes.set_image_pull_secrets(task, list(settings.pull_secrets))


def _same(names: tuple[str, ...]) -> dict[str, str]:
    """Keys that are called like the variables that they become."""
    found: Mapping[str, str] = {name: name for name in names}
    return dict(found)
