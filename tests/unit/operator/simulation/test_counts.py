"""What the further gates are told in the simulated world."""

from datetime import timedelta

import pytest
from sluice_operator.model import Kpi, Question, Revision, Routing, Window
from sluice_operator.simulation.behaviour import Behaviour, Incident, Traffic
from sluice_operator.simulation.world import World

ONE = Revision(name="churn-one", uri="models:/churn/1")
TWO = Revision(name="churn-two", uri="models:/churn/2")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def serving(routing: Routing, stable: Behaviour, candidate: Behaviour, traffic: Traffic) -> World:
    """A world in which a routing is in force, after a minute without the candidate."""
    world = World(behaviours={ONE.uri: stable, TWO.uri: candidate}, traffic=traffic, seed=4)
    world.route("churn", Routing(stable=ONE, candidate=TWO))
    world.advance(MINUTE)
    world.route("churn", Routing(stable=ONE, candidate=TWO))
    world.route("churn", routing)
    assert world.routes == routing.routes
    return world


def seen(world: World, metric: str, comparison: str, minutes: int = 10, **more) -> Window:
    """All that a gate is told in some minutes, from its first question on."""
    ask = {"gate": "g", "metric": metric, "comparison": comparison} | more
    (first,) = world.windows("", (Question(stable=ONE.name, candidate=TWO.name, **ask),))
    for _ in range(minutes):
        world.advance(MINUTE)
    question = Question(stable=ONE.name, candidate=TWO.name, cursor=first.cursor, **ask)
    (window,) = world.windows("", (question,))
    return window


def split(candidate: Behaviour, traffic: Traffic | None = None, weight: int = 50) -> World:
    routing = Routing(stable=ONE, candidate=TWO, weight=weight)
    return serving(routing, Behaviour(), candidate, traffic or Traffic(per_second=100))


def test_classes_are_counted_for_both_and_sum_to_the_requests():
    window = seen(split(Behaviour(classes=(0.5, 0.3, 0.2))), "PredictionShift", "Relative")
    assert window.table.names == ("0", "1", "2")
    assert sum(window.table.candidate) == window.candidate.total
    assert window.table.stable[0] / window.stable.total == pytest.approx(0.7, abs=0.02)
    assert window.table.candidate[0] / window.candidate.total == pytest.approx(0.5, abs=0.02)


def test_pairs_that_say_something_else_need_no_label():
    world = serving(
        Routing(stable=ONE, candidate=TWO, mirror=100),
        Behaviour(),
        Behaviour(differs=0.1),
        Traffic(per_second=50, label_delay=timedelta(days=2)),
    )
    pairs = seen(world, "PredictionShift", "Paired").pairs
    assert pairs.worse / pairs.total == pytest.approx(0.1, abs=0.01)
    assert pairs.better == 0


def test_beyond_a_far_edge_is_beyond_each_nearer_one():
    window = seen(split(Behaviour(slow=0.04)), "LatencyExceedance", "Relative")
    main, far, farther, near, nearer = window.table.candidate
    assert main == window.candidate.bad
    assert farther < far < main < near < nearer < window.candidate.total
    assert near / window.candidate.total == pytest.approx(0.16, abs=0.02)


def test_answers_are_counted_when_they_are_of_age_with_the_labels_that_came():
    traffic = Traffic(per_second=50, label_delay=MINUTE)
    world = split(Behaviour(wrong=0.3, coverage=0.9), traffic)
    window = seen(world, "Accuracy", "Relative", maturity=timedelta(minutes=3))
    _, cohort = window.coverage
    assert cohort.matured == pytest.approx(7 * 60 * 25, rel=0.05)
    assert cohort.labelled / cohort.matured == pytest.approx(0.9, abs=0.02)
    assert (window.candidate.total, window.candidate.bad) == (cohort.labelled, cohort.wrong)
    assert cohort.wrong / cohort.labelled == pytest.approx(0.3, abs=0.03)


def test_labels_that_take_longer_than_an_answer_may_age_are_none():
    traffic = Traffic(per_second=50, label_delay=timedelta(minutes=5))
    window = seen(
        split(Behaviour(), traffic), "LabelCoverage", "Relative", maturity=timedelta(minutes=3)
    )
    assert all(cohort.matured > 0 and cohort.labelled == 0 for cohort in window.coverage)
    assert window.candidate is None


def test_the_worth_of_answers_is_cut_to_the_bounds_of_the_figure():
    world = split(Behaviour(worth=((1.0, 0.1), (500.0, 0.01))))
    kpi = Kpi(name="purchase", lowest=0.0, highest=10.0)
    _, worth = seen(world, "BusinessKPI", "Relative", kpi=kpi, maturity=MINUTE).worth
    assert worth.total / worth.count == pytest.approx(0.1 + 0.1, rel=0.1)
    assert worth.squares / worth.count == pytest.approx(0.1 + 1.0, rel=0.1)


def test_inputs_are_counted_in_the_bins_of_the_profile():
    traffic = Traffic(per_second=100, inputs=(0.4, 0.2, 0.2, 0.2))
    table = seen(split(Behaviour(), traffic), "FeatureDrift", "Absolute").table
    assert table.names == ("x|0", "x|1", "x|2", "x|3")
    assert table.shares == (0.25, 0.25, 0.25, 0.25)
    assert table.candidate[0] / sum(table.candidate) == pytest.approx(0.4, abs=0.02)


def test_a_candidate_that_pulls_gets_more_than_its_share():
    window = seen(split(Behaviour(pull=1.2), weight=10), "SampleRatio", "Absolute")
    share = window.candidate.total / (window.candidate.total + window.stable.total)
    assert share == pytest.approx(0.12 / (0.12 + 0.9), abs=0.005)


def test_an_incident_hits_both_while_it_lasts():
    incident = Incident(begins=5 * MINUTE, lasts=5 * MINUTE, factor=20.0)
    world = split(Behaviour(), Traffic(per_second=200, incidents=(incident,)))
    before = seen(world, "ErrorRate", "Relative", minutes=4)
    during = seen(world, "ErrorRate", "Relative", minutes=5)
    for arm, calm in ((during.stable, before.stable), (during.candidate, before.candidate)):
        assert arm.bad / arm.total > 10 * calm.bad / calm.total


def test_the_load_swings_over_the_day():
    traffic = Traffic(per_second=100, daily=0.8, daybreak=timedelta(hours=6))
    high = seen(split(Behaviour(), traffic), "ErrorRate", "Relative").stable.total
    low = seen(
        split(Behaviour(), Traffic(per_second=100, daily=0.8, daybreak=timedelta(hours=18))),
        "ErrorRate",
        "Relative",
    ).stable.total
    assert high / low == pytest.approx(1.8 / 0.2, rel=0.1)


def test_a_request_that_keeps_failing_is_counted_at_each_attempt():
    plain, tried = (
        seen(
            split(Behaviour(error_rate=0.1), Traffic(per_second=100, retries=n)),
            "ErrorRate",
            "Relative",
        )
        for n in (0, 5)
    )
    assert tried.candidate.bad == 6 * plain.candidate.bad
    assert tried.candidate.total == plain.candidate.total + 5 * plain.candidate.bad


def test_unrest_makes_errors_come_together_and_not_more():
    def errors(unrest: float) -> list[int]:
        world = split(Behaviour(), Traffic(per_second=400, unrest=unrest))
        return [seen(world, "ErrorRate", "Relative", minutes=1).stable.bad for _ in range(120)]

    calm, restless = errors(0.0), errors(1.0)
    assert sum(restless) == pytest.approx(sum(calm), rel=0.35)
    assert spread(restless) > 5 * spread(calm)


def spread(values: list[int]) -> float:
    """Variance over mean: 1 for errors that do not know of each other."""
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / len(values) / mean


def test_a_further_gate_does_not_change_what_others_see():
    one, other = split(Behaviour()), split(Behaviour())
    seen(other, "PredictionShift", "Relative", minutes=0)
    assert seen(one, "ErrorRate", "Relative") == seen(other, "ErrorRate", "Relative")
