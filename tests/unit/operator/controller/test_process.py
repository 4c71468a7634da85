"""What one replica says of itself to its probes, before and while it leads."""

import pytest
from memory_cluster import MemoryCluster
from operator_world import CANARY, KEY, NAME, NAMESPACE
from sluice_operator.cluster.kind import EVENT, LEASE, MODEL_DEPLOYMENT
from sluice_operator.cluster.lease import Elector
from sluice_operator.controller.process import STUCK_SECONDS, Operator
from sluice_operator.controller.queue import WorkQueue
from sluice_operator.controller.settings import Settings
from sluice_operator.controller.turn import World as Surroundings
from sluice_operator.simulation.world import World


class Replica:
    """An operator whose threads are not started, and whose clock is set by hand."""

    def __init__(self) -> None:
        self.memory = MemoryCluster()
        self.seconds = 0.0
        self.elector = Elector(self.memory, "sluice", "sluice-operator", "me", self.clock)
        world = World()
        self.operator = Operator(
            settings=Settings(identity="me"),
            cluster=self.memory,
            scribes_cluster=self.memory,
            leadership=self.elector,
            world=lambda cluster, store, shelf: Surroundings(
                cluster=cluster,
                store=store,
                shelf=shelf,
                ports=lambda body, spec: world.ports,
                clock=lambda: world.now,
            ),
            queue=WorkQueue(self.clock),
        )

    def clock(self) -> float:
        return self.seconds

    def read(self) -> None:
        """As its threads would, once the API server lets them."""
        self.operator._prepared = self.operator._prepare()

    def lead(self) -> None:
        """Likewise."""
        self.read()
        assert self.elector.step()
        self.operator._begin()


@pytest.fixture
def replica():
    replica = Replica()
    body = {
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {"model": {"uri": "s3://models/v1"}} | CANARY,
    }
    replica.memory.create(MODEL_DEPLOYMENT, body)
    return replica


def test_a_replica_is_unready_until_it_has_read_everything(replica):
    assert replica.operator.unreadiness() == "the API server could not be read yet"
    replica.read()
    assert replica.operator.unreadiness() == ""


def test_a_kind_that_may_not_be_listed_keeps_a_replica_unready(replica):
    replica.memory.forbid("list", MODEL_DEPLOYMENT)
    replica.read()
    assert replica.operator.unreadiness()
    replica.memory.permit("list", MODEL_DEPLOYMENT)
    replica.read()
    assert not replica.operator.unreadiness()


def test_a_right_that_is_missing_is_logged_before_a_rollout_meets_it(replica, caplog):
    replica.memory.forbid("create", EVENT)
    replica.read()
    assert "RBAC is too small: " in caplog.text
    assert "events" in caplog.text


def test_a_leader_whose_workers_hang_is_sick(replica):
    replica.lead()
    replica.seconds += STUCK_SECONDS - 1
    assert replica.operator.sickness() == ""
    replica.seconds += 2
    assert replica.operator.sickness() == "no worker has been free for 61 s"


def test_a_leader_is_well_again_once_a_worker_takes_what_waited(replica):
    replica.lead()
    replica.seconds += STUCK_SECONDS + 1
    assert replica.operator.queue.take(0) == KEY
    assert replica.operator.sickness() == ""


def test_a_standby_has_nothing_to_hang_on(replica):
    replica.read()
    replica.operator.queue.add(KEY)
    replica.seconds += STUCK_SECONDS * 2
    assert replica.operator.sickness() == ""


def test_who_has_lost_the_lease_may_not_write_and_forgets(replica):
    replica.lead()
    assert replica.operator.may_write()
    replica.elector.release()
    assert not replica.operator.may_write()
    lease = replica.memory.get(LEASE, "sluice", "sluice-operator")
    assert not lease["spec"].get("holderIdentity")
