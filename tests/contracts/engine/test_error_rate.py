"""Error rates as a real Envoy counts them."""

import os
import signal

import pytest
from engine_world import DEPLOYMENT, EngineWorld, standin_world
from eventually import eventually
from sluice_operator.evidence.envoy import EnvoyEvidence
from sluice_operator.model import Arm, Question, Window
from standin_runtime import behave


@pytest.fixture
def alone(tmp_path):
    with standin_world(tmp_path) as world:
        world.settle(world.both(weight=50))
        yield world


def ask(world: EngineWorld, cursor: str = "") -> Window:
    source = EnvoyEvidence(world.engine.admin_url)
    question = Question(
        gate="errors",
        metric="ErrorRate",
        comparison="Relative",
        stable=world.one.name,
        candidate=world.two.name,
        cursor=cursor,
    )
    (window,) = source.windows(DEPLOYMENT, (question,))
    source.close()
    return window


def test_every_answer_counts_for_the_revision_that_gave_it(alone):
    behave(alone.two, status=500)
    cursor = ask(alone).cursor
    users_saw = alone.count(60)

    window = ask(alone, cursor)

    assert window.error == ""
    assert window.stable == Arm(total=users_saw["loans-one"], bad=0)
    assert window.candidate == Arm(total=users_saw["loans-two"], bad=users_saw["loans-two"])


def test_a_client_error_is_no_error_of_the_revision(alone):
    behave(alone.two, status=422)
    cursor = ask(alone).cursor
    users_saw = alone.count(30)
    assert ask(alone, cursor).candidate == Arm(total=users_saw["loans-two"], bad=0)


def test_answers_of_a_mirror_count_though_no_user_sees_them(alone):
    alone.settle(alone.both(mirror=100))
    behave(alone.two, status=500)
    cursor = ask(alone).cursor
    assert alone.count(30) == {"loans-one": 30}
    eventually(lambda: ask(alone, cursor).candidate == Arm(total=30, bad=30))
    assert ask(alone, cursor).stable == Arm(total=30, bad=0)


def test_a_dead_server_is_counted_as_errors_of_its_revision(alone):
    alone.settle(alone.both(weight=100))
    cursor = ask(alone).cursor
    behave(alone.two, crash="no memory left")
    os.kill(alone.engine._fleet.kept(DEPLOYMENT)[alone.two.name].pid, signal.SIGKILL)
    statuses = [alone.ask().status for _ in range(20)]
    failed = sum(status != 200 for status in statuses)
    assert failed >= 19
    assert ask(alone, cursor).candidate == Arm(total=20, bad=failed)


def test_a_restart_of_envoy_loses_no_count_that_was_made_after_it(alone):
    alone.count(20)
    cursor = ask(alone).cursor
    os.kill(alone.engine._envoy_keeper.kept.pid, signal.SIGKILL)
    eventually(lambda: ask(alone, cursor).error)
    eventually(lambda: alone.is_settled(alone.both(weight=50)))
    users_saw = alone.count(20)

    window = ask(alone, cursor)

    assert window.stable == Arm(total=users_saw["loans-one"], bad=0)
    assert window.candidate == Arm(total=users_saw["loans-two"], bad=0)
