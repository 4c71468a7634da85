"""The real loop, without the looks at which nothing can happen.

Between two verdicts a look only adds counts. How the gates stand after hundreds of such looks is
computed at once (`tape`), the core itself is asked whether it would stay where it is, and time
leaps to the first look at which a verdict changes or the core would move. That one, like all
others that matter, is a turn of the real loop.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from sluice_operator.model import Observation, Question, Window
from sluice_operator.rollout.attend import attend
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
    """May be changed from turn to turn."""
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
            if self.leaps and step == self.poll and not self._is_asked(status):
                left = (end - self.world.now) / self.poll
                status = self._leapt(status, most=max(int(left), 1))
            self.world.advance(step)

    def _step(self, status: Status) -> timedelta:
        steady = status.drift_since is None and status.unready_since is None
        return self.poll if steady and status.phase in JUDGING else WATCHFUL

    def _is_asked(self, status: Status) -> bool:
        """Whether a person waits for an answer."""
        return any(action.id > status.last_action for action in self.wish.actions)

    def _leapt(self, status: Status, most: int) -> Status:
        """The status before the next look that matters, when time has come there."""
        serving = self.world.observe(status.deployment)
        questions = questions_due(self.wish.spec, status)
        steady = not status.stable_away and self.world.running.keys() <= serving.ready
        if serving.error or not steady or not questions:
            return status
        ahead = self._ahead(status, questions, most)
        look = ahead.first_move()
        before = ahead.before(look)  # read off the looks ahead while they still are
        self.world.leap(look - 1, self.poll)
        self.looks += look - 1
        return before

    def _ahead(self, status: Status, questions: tuple[Question, ...], most: int) -> "Ahead":
        for question in questions:  # what is asked for the first time has to be drawn first
            self.world.window(question)
        looks = min(self.world.foresee(self.poll), most)
        ahead = Ahead(leaper=self, status=status, tapes={}, looks=looks)
        for question in questions:
            if (state := status.gates.get(question.gate)) is not None:
                ahead.tapes[question.gate] = ahead.tape(state, question)
        return ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The looks that are known, as long as nothing happens."""

    leaper: Leaper
    status: Status
    tapes: dict[str, Tape]
    looks: int

    def tape(self, state: GateState, question: Question) -> Tape:
        """What one gate will know."""
        world, family = self.leaper.world, plain_family(state.test)
        rows = None if family is None or state.error else world.columns(question, self.looks)
        if family is None or rows is None:
            return Slow(state, self._counted(question))

        def window_of(begin: int, end: int) -> Window:
            cursor = world.window(question, ahead=begin).cursor if begin else question.cursor
            return world.window(replace(question, cursor=cursor), ahead=end)

        return Fast.of(family, state, rows, window_of)

    def _counted(self, question: Question) -> Iterator[tuple[Window, GateState]]:
        """Each window of one gate with what the core makes of it."""
        status = self.status
        for look in range(1, self.looks + 1):
            window = self.leaper.world.window(question, ahead=look)
            status = attend(self.leaper.wish.spec, status, self._seen(look, window)).status
            state = status.gates[question.gate]
            yield window, state
            question = replace(question, cursor=state.cursor)

    def _seen(self, look: int, *windows: Window) -> Observation:
        leaper = self.leaper
        return Observation(
            now=leaper.world.now + look * leaper.poll,
            serving=leaper.world.observe(self.status.deployment),
            windows=windows,
        )

    def before(self, look: int) -> Status:
        """The status that comes into a look."""
        past = look - 1
        if past == 0:
            return self.status
        whole = filter(None, (tape.whole(past) for tape in self.tapes.values()))
        seen = self._seen(past, *whole)
        counted = attend(self.leaper.wish.spec, self.status, seen).status.gates
        gates = {name: tape.state(past, counted[name]) for name, tape in self.tapes.items()}
        return replace(self.status, gates={**self.status.gates, **gates})

    def first_move(self) -> int:
        """The first look with news, or at which the core moves; the last one that is known else.

        What moves the core before there is news is time alone, and time that is over stays over:
        so a look at which it stays tells of all before it.
        """
        news = min(self.looks, *(tape.news for tape in self.tapes.values()))
        stays, moves = 0, news
        if news > 1 and self._stays(news - 1):
            return news
        while moves - stays > 1:
            middle = (stays + moves) // 2
            stays, moves = (middle, moves) if self._stays(middle) else (stays, middle)
        return moves

    def _stays(self, look: int) -> bool:
        """Whether the core would do nothing but count at a look."""
        before = self.before(look)
        seen = self._seen(look, *(tape.window(look) for tape in self.tapes.values()))
        decision = decide(self.leaper.wish.spec, before, seen)
        return not decision.events and _bare(decision.status) == _bare(before)


def _bare(status: Status) -> Status:
    return replace(status, gates={}, message="")
