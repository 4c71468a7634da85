"""The Kubeflow face of deploy."""

from typing import Any

from kfp import dsl
from kfp.dsl import Artifact, Input, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def deploy(
    registered: Input[Artifact],
    manifest: dict[str, Any],
    wait_seconds: int,
    deployed: Output[Artifact],
) -> str:
    """Apply the ModelDeployment with the registered version in it; the phase that it came to."""
    from sluice_components.deploy.stage import deploy_plain

    deployed.metadata.update(deploy_plain(manifest, registered.metadata, wait_seconds))
    return str(deployed.metadata["phase"])
