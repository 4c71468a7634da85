"""What a demo says that it has shown."""

from dataclasses import replace
from itertools import pairwise

import pytest
from demo_played import CANDIDATE, STABLE, answer, promoted, taken_back
from sluice_cli.demo.summary import SHOWN_FAILURES, summary_of
from sluice_operator.laptop.run_record import replay


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return promoted(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    return taken_back(tmp_path_factory.mktemp("bad"))


def rollout(played, *answers):
    (told,) = summary_of(12.34, answers, [played])["rollouts"]
    return told


def routed(played):
    """When the router reported the candidate first, and when it reported it no more."""
    looks = [
        (turn.seen.now.timestamp(), turn.seen.serving.routes) for turn in replay(played.record)
    ]
    has = [(at, routes is not None and CANDIDATE in routes.weights) for at, routes in looks]
    came = next(at for at, there in has if there)
    went = next((at for (_, was), (at, there) in pairwise(has) if was and not there), None)
    return came, went


def test_a_promoted_candidate_with_one_bad_answer_has_no_way_back(good):
    came, _ = routed(good)
    told = rollout(good, answer(came + 1, route=CANDIDATE, status=500))
    assert (told["outcome"], told["user_errors"]) == ("Promoted", 1)
    assert told["first_bad_answer_to_zero_weight_seconds"] is None


def test_the_way_back_is_counted_from_the_first_bad_answer_of_the_candidate(bad):
    came, went = routed(bad)
    first = came + 0.25
    told = rollout(
        bad,
        answer(came - 0.1, status=500),
        answer(first + 0.1, route=CANDIDATE, status=500),
        answer(first, route=CANDIDATE, status=503),
        answer(went + 0.5),
    )
    assert told["outcome"] == "RolledBack"
    assert told["first_bad_answer_to_zero_weight_seconds"] == round(went - first, 2) > 0


def test_a_candidate_without_a_bad_answer_has_no_way_back(bad):
    told = rollout(bad, answer(bad.began + 1, status=500))
    assert told["first_bad_answer_to_zero_weight_seconds"] is None


def test_only_answers_while_the_act_is_played_are_of_it(good):
    told = rollout(
        good,
        answer(good.began - 1, route=CANDIDATE),
        answer(good.began + 1, route=CANDIDATE),
        answer(good.began + 1, route=STABLE),
        answer(good.ended + 1, route=CANDIDATE),
    )
    assert (told["requests"], told["answered_by_candidate"]) == (2, 1)


def test_an_error_is_a_candidates_only_while_it_is_on_trial(bad):
    during, after = bad.began + 1, bad.ended + 1
    told = summary_of(
        1,
        [
            answer(during, route=CANDIDATE, status=500),
            answer(during, route=STABLE, status=500),
            answer(after, route=CANDIDATE, status=500),
            answer(during, route="", status=0),
        ],
        [bad],
    )
    assert told["user_errors_outside_candidate"] == 3
    assert [one["route"] for one in told["failures_outside_candidate"]] == [STABLE, CANDIDATE, ""]


def test_many_failures_are_counted_and_a_few_are_listed(bad):
    failures = [answer(bad.began, status=500) for _ in range(SHOWN_FAILURES + 5)]
    told = summary_of(1, failures, [bad])
    assert told["user_errors_outside_candidate"] == SHOWN_FAILURES + 5
    assert len(told["failures_outside_candidate"]) == SHOWN_FAILURES


def test_latency_is_of_good_answers_alone():
    answers = [answer(1.0, seconds=n / 1000) for n in range(1, 101)]
    slow_failure = answer(1.0, seconds=9.0, status=500)
    told = summary_of(1, [*answers, slow_failure], [])
    assert told["latency_ms"] == {"p50": 50.0, "p99": 99.0}
    assert summary_of(1, [slow_failure], [])["latency_ms"] == {"p50": None, "p99": None}


def test_every_decision_of_the_record_is_made_again(bad, tmp_path):
    assert rollout(bad)["replays_identically"] is True
    lines = bad.record.read_text().replace('"ready":["', '"ready":["another-')
    (tmp_path / "changed.jsonl").write_text(lines)
    changed = rollout(replace(bad, record=tmp_path / "changed.jsonl"))
    assert changed["replays_identically"] is False


def test_the_verdict_and_the_samples_are_those_of_the_last_decision(bad):
    last = list(replay(bad.record))[-1].decision.status.gates["errors"].evidence
    told = rollout(bad)
    assert told["gates"] == {"errors": "Harm"}
    assert told["samples"] == {"errors": last.samples}
    assert last.samples > 0
