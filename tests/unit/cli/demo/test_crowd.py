"""The users of a demo, who count for themselves what they see."""

import threading
from pathlib import Path

import pytest
from answering_server import answering
from eventually import eventually
from sluice_cli.demo.crowd import MOST_WAITING, Crowd
from sluice_cli.demo.script import Traffic
from sluice_cli.demo.stream import Request
from sluice_ledger.records import Prediction
from sluice_ledger.store import SqliteLedger
from sluice_operator.serving.port import PortPool

FAST = 1000.0


def traffic(**changes) -> Traffic:
    plan = {
        "file": Path("traffic.parquet"),
        "id": "id",
        "asked": "asked",
        "label": "label",
        "known": "known",
        "per_second": FAST,
    }
    return Traffic.model_validate(plan | changes)


def requests(count, *, label="1", delay=0.0):
    return (
        Request(id=f"r{n}", body=b"{}", asked=float(n), label=label, known=n + delay)
        for n in range(count)
    )


@pytest.fixture
def ledger(tmp_path):
    return SqliteLedger(tmp_path / "ledger.db")


def crowd(ledger, url, some, **changes) -> Crowd:
    return Crowd(url=url, plan=traffic(**changes), requests=some, ledger=ledger)


def played(one: Crowd) -> Crowd:
    """All requests of the table are asked and answered."""
    one.start()
    eventually(lambda: one.exhausted)
    one.stop()
    return one


def test_every_answer_is_counted_with_its_route_and_status(ledger):
    bad = {"r3", "r7"}
    with answering(lambda asked: (500, "b") if asked.id in bad else (200, "a")) as server:
        one = played(crowd(ledger, server.url, requests(20)))
    assert {asked.id for asked in server.asked} == {f"r{n}" for n in range(20)}
    assert sorted(answer.good for answer in one.answers) == [False] * 2 + [True] * 18
    assert {answer.route for answer in one.answers if not answer.good} == {"b"}


def test_no_answer_at_all_is_a_failure_of_nobody(ledger):
    one = played(crowd(ledger, f"http://127.0.0.1:{PortPool().lend()}/", requests(3)))
    assert [(answer.status, answer.route) for answer in one.answers] == [(0, "")] * 3


def test_those_who_stay_come_back_with_the_route_that_they_were_given(ledger):
    with answering(lambda asked: (200, asked.route or "first")) as server:
        played(crowd(ledger, server.url, requests(60), sticky_users=1, sticky_share=1.0))
    assert {asked.route for asked in server.asked} == {"", "first"}


def test_those_who_do_not_stay_come_back_with_nothing(ledger):
    with answering(lambda asked: (200, "first")) as server:
        played(crowd(ledger, server.url, requests(30), sticky_users=5, sticky_share=0.0))
    assert {asked.route for asked in server.asked} == {""}


def predicted(ledger, count):
    ledger.append_predictions(
        Prediction(
            request_id=f"r{n}",
            row=0,
            deployment="d",
            revision="d-1",
            prediction="1",
            confidence=None,
            mirrored=False,
            at=float(n),
        )
        for n in range(count)
    )


def test_labels_are_handed_in_when_replay_time_has_come_to_them(ledger):
    predicted(ledger, 20)
    with answering(lambda asked: (200, "a")) as server:
        one = played(crowd(ledger, server.url, requests(20, delay=5.0)))
    assert one.replay_time == 19.0
    assert one.labels == ledger.arm_outcomes("d", "d-1", 0).total == 15  # r0 to r14


def test_a_truth_that_never_becomes_known_is_no_label(ledger):
    with answering(lambda asked: (200, "a")) as server:
        assert played(crowd(ledger, server.url, requests(5, label=None))).labels == 0


def test_a_crowd_that_waits_adds_no_more_to_what_it_waits_for(ledger):
    free = threading.Event()
    with answering(lambda asked: (200, "a") if free.wait(60) else (503, "a")) as server:
        one = crowd(ledger, server.url, requests(10 * MOST_WAITING))
        one.start()
        eventually(lambda: server.waiting == MOST_WAITING)
        free.set()
        eventually(lambda: one.exhausted)
        one.stop()
    assert server.most_waiting <= MOST_WAITING
    assert len(one.answers) == 10 * MOST_WAITING


def test_a_crowd_that_is_told_to_stop_asks_no_more_and_has_its_last_answer(ledger):
    with answering(lambda asked: (200, "a")) as server:
        one = crowd(ledger, server.url, requests(100_000), per_second=200)
        one.start()
        eventually(lambda: len(one.answers) > 10)
        one.stop()
        assert len(one.answers) == len(server.asked) < 100_000
    assert not one.exhausted
