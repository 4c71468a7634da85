"""Which traffic may be asked for, and which pictures nobody can draw."""

import pytest
from seldon_world import DEPLOYMENT, ONE, TWO, only
from sluice_operator.errors import UnsupportedRoutingError
from sluice_operator.model import Revision, Routes, Routing
from sluice_operator.seldon.seen import Readiness, Seen
from sluice_operator.seldon.traffic import Fallback, permitted, refuse_unsupported

ENTRY = Fallback(name=DEPLOYMENT)


def seen(*ready, listed=None):
    return Seen(readiness=Readiness(ready=frozenset(ready)), listed=listed)


@pytest.mark.parametrize(
    ("routing", "words"),
    [
        (Routing(stable=ONE, candidate=TWO, weight=5, mirror=5), "mirror: {percent: 0}"),
        (Routing(stable=ONE, mirror=5), "mirror: 5 percent of nothing"),
        (Routing(candidate=TWO, weight=5), "weight: 5 percent of nothing"),
        (Routing(stable=ONE, candidate=TWO, weight=101), "weight: 101 is not between 0 and 100"),
        (Routing(stable=Revision(name="Bad_Name", uri="x")), "name 'Bad_Name': not a DNS label"),
        (Routing(stable=Revision(name=DEPLOYMENT, uri="x")), "bears the deployment's own name"),
    ],
)
def test_what_seldon_cannot_do_is_refused_with_the_reason(routing, words):
    with pytest.raises(UnsupportedRoutingError, match=words.replace("{", r"\{")):
        refuse_unsupported(DEPLOYMENT, routing)


def test_before_stable_answers_the_fallback_has_everything():
    assert permitted(Routing(stable=ONE), seen(), ENTRY) == only(DEPLOYMENT)


def test_stable_takes_over_when_it_answers():
    assert permitted(Routing(stable=ONE), seen(ONE.name), ENTRY) == only(ONE.name)


def test_a_candidate_that_stopped_answering_gains_nothing_and_loses_nothing():
    listed = Routes(weights={ONE.name: 90, TWO.name: 10})
    more = Routing(stable=ONE, candidate=TWO, weight=50)
    assert permitted(more, seen(ONE.name, listed=listed), ENTRY) == listed


def test_a_candidate_that_stopped_answering_can_lose_weight():
    listed = Routes(weights={ONE.name: 50, TWO.name: 50})
    less = Routing(stable=ONE, candidate=TWO, weight=10)
    now = permitted(less, seen(listed=listed), ENTRY)
    assert now == Routes(weights={ONE.name: 90, TWO.name: 10})


def test_from_mirror_to_weight_takes_an_answer():
    listed = Routes(weights={ONE.name: 100}, mirror={TWO.name: 20})
    step = Routing(stable=ONE, candidate=TWO, weight=5)
    assert permitted(step, seen(ONE.name, listed=listed), ENTRY) == only(ONE.name)
    assert permitted(step, seen(ONE.name, TWO.name, listed=listed), ENTRY).weights[TWO.name] == 5


def test_who_has_the_traffic_keeps_it_while_nobody_else_can_take_it():
    listed = only(TWO.name)
    back = Routing(stable=ONE, candidate=TWO)
    assert permitted(back, seen(TWO.name, listed=listed), ENTRY) == listed
    stand_in = Fallback(name=DEPLOYMENT, steps_in=True)
    assert permitted(back, seen(TWO.name, listed=listed), stand_in) == only(DEPLOYMENT)


def test_strangers_on_the_list_go():
    listed = Routes(weights={ONE.name: 50, "stranger": 50})
    assert permitted(Routing(stable=ONE), seen(listed=listed), ENTRY) == only(ONE.name)
