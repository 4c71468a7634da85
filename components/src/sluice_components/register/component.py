"""The Kubeflow faces of register: the look-up of the champion, and the registration."""

from kfp import dsl
from kfp.dsl import HTML, Artifact, Input, Model, Output

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def champion(tracking_uri: str, name: str) -> str:
    """Where the package in charge under this name lies; empty if nobody is."""
    from sluice_components.register.stage import champion_source

    return champion_source(tracking_uri, name)


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def register(
    package: Input[Model],
    report: Input[HTML],
    tracking_uri: str,
    artifacts: str,
    name: str,
    alias: str,
    registered: Output[Artifact],
) -> str:
    """Enter the package in the registry if it has earned it; the version."""
    from sluice_components.register.stage import register_plain

    shelf = {
        "tracking_uri": tracking_uri,
        "artifacts": artifacts,
        "name": name,
        "alias": alias,
    }
    registered.metadata.update(register_plain(package.path, shelf, report.path))
    return str(registered.metadata["version"])
