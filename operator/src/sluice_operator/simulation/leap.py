"""The real loop, without the looks at which nothing can happen.

Between two verdicts a look only adds counts. How the gates stand after hundreds of such looks is
computed at once (`tape`), the core itself is asked whether it would stay where it is, and time
leaps to the first look at which a verdict changes or the core would move. That one, like all
others that matter, is a turn of the real loop.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sluice_operator.judge.update import problem_of
from sluice_operator.model import Observation, Question, Window
from sluice_operator.rollout.decide import decide
from sluice_operator.rollout.gate import questions_due
from sluice_operator.rollout.reconcile import Reconciled, Wish, reconcile
from sluice_operator.rollout.status import GateState, Phase, Status
from sluice_operator.simulation.tape import Fast, Slow, Tape, plain_family
from sluice_operator.simulation.world import World

JUDGING = frozenset({Phase.SHADOWING, Phase.PROGRESSING, Phase.BAKING})
WATCHFUL = timedelta(seconds=1)
"""Between two looks while the router or a server is waited for, as in the operator."""


@dataclass(slots=True, kw_only=True)
class Leaper:
    """One deployment in a world whose models and users do not change."""

    world: World
    wish: Wish
    poll: timedelta = timedelta(seconds=5)
    """Between two looks while gates are judged."""
    leaps: bool = True
    """Whether looks without news are skipped; the rest is the same either way."""
    looks: int = 0
    """Looks so far, those that were skipped among them."""

    def run(self, status: Status, until: timedelta) -> Iterator[Reconciled]:
        """Every turn that matters, until nothing is under way or the time is over."""
        end = self.world.now + until
        while True:
            turn = reconcile(self.wish, status, self.world.ports)
            self.looks += 1
            yield turn
            status, wait = turn.decision.status, turn.decision.requeue_after
            if wait == timedelta(0):
                continue
            if wait is None or self.world.now >= end:
                return
            step = self._step(status)
            if self.leaps and step == self.poll and not status.stable_away:
                status = self._leapt(status)
            self.world.advance(step)

    def _step(self, status: Status) -> timedelta:
        steady = status.drift_since is None and status.unready_since is None
        return self.poll if steady and status.phase in JUDGING else WATCHFUL

    def _leapt(self, status: Status) -> Status:
        """The status before the next look that matters, when time has come there."""
        serving = self.world.observe(status.deployment)
        questions = questions_due(self.wish.spec, status)
        if serving.error or not questions or not self.world.running.keys() <= serving.ready:
            return status
        ahead = self._ahead(status, questions)
        news = min(ahead.looks, *(tape.news for tape in ahead.tapes.values()))
        look = ahead.first_move(news)
        before = ahead.before(look)  # read off the looks ahead while they still are
        self.world.leap(look - 1, self.poll)
        self.looks += look - 1
        return before

    def _ahead(self, status: Status, questions: tuple[Question, ...]) -> "Ahead":
        for question in questions:  # what is asked for the first time has to be drawn first
            self.world.window(question)
        looks = self.world.foresee(self.poll)
        ends = [self.world.now + number * self.poll for number in range(1, looks + 1)]
        tapes: dict[str, Tape] = {}
        for question in questions:
            if (state := status.gates.get(question.gate)) is not None:
                tapes[question.gate] = self._tape(state, question, ends)
        return Ahead(leaper=self, status=status, tapes=tapes, looks=looks)

    def _tape(self, state: GateState, question: Question, ends: list[datetime]) -> Tape:
        family = plain_family(state.test)
        rows = None if family is None or state.error else self.world.columns(question, len(ends))
        if family is None or rows is None:
            return Slow(state, _windows(self.world, question, state, len(ends)), ends)

        def window_of(begin: int, end: int) -> Window:
            cursor = self.world.window(question, ahead=begin).cursor if begin else question.cursor
            return self.world.window(replace(question, cursor=cursor), ahead=end)

        return Fast.of(family, state, rows, window_of)


def _windows(world: World, question: Question, state: GateState, looks: int) -> Iterator[Window]:
    """What the question will be answered at each look; a problem leaves the cursor where it is."""
    for look in range(1, looks + 1):
        window = world.window(question, ahead=look)
        yield window
        if not problem_of(state.test, window):
            question = replace(question, cursor=window.cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The looks that are known, as long as nothing happens."""

    leaper: Leaper
    status: Status
    tapes: dict[str, Tape]
    looks: int

    def before(self, look: int) -> Status:
        """The status that comes into a look."""
        if look <= 1:
            return self.status
        gates = {name: tape.state(look - 1) for name, tape in self.tapes.items()}
        return replace(self.status, gates={**self.status.gates, **gates})

    def first_move(self, news: int) -> int:
        """The first look at which the core moves; the one with the news at the latest.

        What moves the core before there is news is time alone, and time that is over stays over:
        so a look at which it stays tells of all before it.
        """
        stays, moves = 0, news
        if news - 1 > 0 and self._stays(news - 1):
            return news
        while moves - stays > 1:
            middle = (stays + moves) // 2
            stays, moves = (middle, moves) if self._stays(middle) else (stays, middle)
        return moves

    def _stays(self, look: int) -> bool:
        """Whether the core would do nothing but count at a look."""
        leaper, before = self.leaper, self.before(look)
        seen = Observation(
            now=leaper.world.now + look * leaper.poll,
            serving=leaper.world.observe(before.deployment),
            windows=tuple(tape.window(look) for tape in self.tapes.values()),
        )
        decision = decide(leaper.wish.spec, before, seen)
        return not decision.events and _bare(decision.status) == _bare(before)


def _bare(status: Status) -> Status:
    return replace(status, gates={}, message="")
