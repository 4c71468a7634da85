"""Installations that are up: model servers take seconds to start, so stories share one."""

from collections.abc import Iterator

import pytest
from laptop_world import Laptop, laptop_in


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """One installation for the stories of a module, on which a first model answers."""
    with laptop_in(tmp_path_factory.mktemp("laptop")) as laptop:
        laptop.serve_first()
        yield laptop


@pytest.fixture
def laptop(installation: Laptop) -> Iterator[Laptop]:
    """The installation, at rest before and after the story."""
    yield installation
    if installation.view()["phase"] not in {"Healthy", "RolledBack"}:
        installation.sluice("rollout", "abort", "loans")
    installation.until(lambda seen: seen["phase"] in {"Healthy", "RolledBack"})
