"""The scheduler goes, and comes back."""

from eventually import eventually
from seldon_double.double import SeldonDouble
from seldon_double_world import BACK_SECONDS, SETTLE_SECONDS, SeldonWorld
from sluice_operator.cluster.kind import SELDON_MODEL

OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503
FEW = 20


def test_traffic_goes_on_as_it_was_while_the_scheduler_is_away(scheduler: SeldonWorld):
    one, two = scheduler.model("one"), scheduler.model("two")
    scheduler.split(one, two, 100)
    scheduler.stop_scheduler()
    scheduler.ask_for_experiment("split", {one: 100, two: 0}, default=one)
    assert scheduler.count(FEW, one) == {two: FEW}
    assert scheduler.ask(one, sticky=f":{two}_1:").by == two


def test_what_was_asked_in_its_absence_is_carried_out_when_it_is_back(scheduler: SeldonWorld):
    one, two = scheduler.model("one"), scheduler.model("two")
    scheduler.split(one, two, 100)
    scheduler.stop_scheduler()
    scheduler.ask_for_experiment("split", {one: 100, two: 0}, default=one)
    scheduler.start_scheduler()
    eventually(lambda: scheduler.weights(one) == {one: 100, two: 0}, BACK_SECONDS)


def test_a_restart_leaves_a_gap_in_2_6_0_and_none_in_2_10_2(scheduler: SeldonWorld):
    one, two = scheduler.model("one"), scheduler.model("two")
    scheduler.split(one, two, 50)
    with scheduler.load(one) as answers:
        scheduler.stop_scheduler()
        scheduler.start_scheduler()
        eventually(lambda: _gap_is_over(scheduler, answers), SETTLE_SECONDS)
    gap = {answer.status for answer in answers} - {OK}
    assert gap <= ({NOT_FOUND, UNAVAILABLE} if scheduler.release.gap_seconds else set())


def _gap_is_over(world: SeldonWorld, answers: list) -> bool:
    """The gap has been seen, if there is to be one, and the last answers are good again."""
    statuses = [answer.status for answer in answers]
    seen = NOT_FOUND in statuses or not world.release.gap_seconds
    return seen and len(statuses) > FEW and set(statuses[-FEW:]) == {OK}


def test_an_operator_that_hears_nothing_of_models_leaves_their_status_as_it_was(
    world: SeldonWorld, double: SeldonDouble
):
    double.deafen()
    one = world.ask_for_model("one", world.package("one"))
    eventually(lambda: world.ask(one).status == OK, SETTLE_SECONDS)
    assert world.conditions(SELDON_MODEL, one) == {}
    double.deafen(deaf=False)
    world.await_ready(SELDON_MODEL, one)
