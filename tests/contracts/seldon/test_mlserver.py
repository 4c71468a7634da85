"""Real packages on a real MLServer behind the double: what users of Sluice on Seldon have."""

from collections.abc import Iterator

import pytest
from engine_world import LOAN
from eventually import eventually
from packages import loan_package
from seldon_double.double import SeldonDouble
from seldon_double_engine import Driven
from seldon_double_world import GIVE_UP_SECONDS, SeldonWorld
from sluice_operator.cluster.kind import SELDON_SERVER
from sluice_operator.model import Revision, Routing

OK = 200
CAPABILITY = "sluice"
START_SECONDS = 90.0


@pytest.fixture(scope="module")
def server(shared: SeldonWorld) -> Iterator[None]:
    """A real MLServer that only packages ask for."""
    metadata = {"name": "real", "namespace": shared.namespace}
    spec = {"serverConfig": "real", "capabilities": [CAPABILITY]}
    shared.cluster.create(SELDON_SERVER, {"metadata": metadata, "spec": spec})
    yield
    shared.cluster.delete(SELDON_SERVER, shared.namespace, "real")


@pytest.fixture
def driven(server: None, world: SeldonWorld, double: SeldonDouble) -> Iterator[Driven]:
    driven = Driven(world=world)
    yield driven
    driven.report.close()


def test_packages_take_over_from_one_another_on_a_real_mlserver(driven: Driven):
    one, two = _packaged(driven, "a"), _packaged(driven, "b")
    driven.settle(Routing(stable=one), START_SECONDS)
    assert _asked(driven) == (OK, {one.name})
    driven.settle(Routing(stable=one, candidate=two, weight=50), START_SECONDS)
    assert _asked(driven) == (OK, {one.name, two.name})
    driven.settle(Routing(stable=one), START_SECONDS)
    assert _asked(driven) == (OK, {one.name})


def test_a_package_that_is_not_the_one_that_was_asked_for_fails(driven: Driven):
    one, two = _packaged(driven, "a"), _packaged(driven, "b", digest=f"sha256:{0:064x}")
    driven.settle(Routing(stable=one), START_SECONDS)
    wanted = Routing(stable=one, candidate=two, weight=50, epoch=driven.epoch + 1)
    eventually(lambda: two.name in driven.tell(wanted).failed, GIVE_UP_SECONDS, every=0.2)
    assert _asked(driven) == (OK, {one.name})


def _packaged(driven: Driven, letter: str, digest: str = "") -> Revision:
    name = f"{driven.name}-{letter * 8}"
    folder = driven.world.folder / name
    real = loan_package(folder)
    return Revision(name=name, uri=str(folder), digest=digest or real, requirements=(CAPABILITY,))


def _asked(driven: Driven, requests: int = 40) -> tuple[int, set[str]]:
    """The worst status, and everybody who answered."""
    url = f"{driven.world.url}/v2/models/{driven.name}/infer"
    answers = [driven.world.client.post(url, json=LOAN) for _ in range(requests)]
    internal = {answer.json()["model_name"] for answer in answers}
    return max(a.status_code for a in answers), {name.rpartition("_")[0] for name in internal}
