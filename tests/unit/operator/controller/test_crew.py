"""Workers while the lease comes and goes."""

from eventually import eventually
from operator_world import KEY, OperatorWorld
from sluice_operator.controller.crew import Crew
from sluice_operator.controller.gauge import Gauges
from sluice_operator.controller.queue import WorkQueue
from sluice_operator.controller.settings import Settings


class Lapse:
    """A lease that is not renewed in time, and then is."""

    leading = False


def test_what_comes_up_while_a_renewal_is_late_is_looked_at_afterwards():
    world, lapse = OperatorWorld(), Lapse()
    world.apply("s3://models/v1")
    world.watch()
    queue, pages = WorkQueue(), WorkQueue()
    crew = Crew(
        turns=world.turns,
        scribe=world.scribe,
        queue=queue,
        pages=pages,
        gauges=Gauges(Settings()),
        is_leading=lambda: lapse.leading,
        is_acting=lambda: True,
    )
    threads = crew.start(1)
    queue.add(KEY)
    eventually(lambda: queue.oldest_seconds == 0 and len(queue) == 1)
    assert "status" not in world.body
    lapse.leading = True
    eventually(lambda: "status" in world.body)
    for line in (queue, pages):
        line.close()
    for thread in threads:
        thread.join()
