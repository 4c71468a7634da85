"""One candidate on a real laptop, from the apply to the last answer that a user got from it.

Users stand in front of the real thing: Envoy, an MLServer for each revision, the controller of
`sluice up` in its own process. What is timed is what users and Envoy themselves say.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sluice_operator.api.load import parse
from sluice_operator.model import Routes
from sluice_operator.rollout.revision import wanted_revision
from sluice_operator.serving.envoy_admin import EnvoyAdmin

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from eventually import eventually  # type: ignore[import-not-found]
from laptop_packages import (  # type: ignore[import-not-found]
    COMMON,
    RARE,
    UNHEARD,
    asking,
)
from laptop_users import Users  # type: ignore[import-not-found]
from laptop_world import NAME, Laptop, watched  # type: ignore[import-not-found]

STABLE_FAILS = 0.005
CANDIDATE_FAILS = 0.05
"""Shares of all requests, by what they say: only stable knows the rare region."""
LOOK_SECONDS = 0.02
LINGER_SECONDS = 1.0
"""How long users go on after the router has let go of the candidate, to see who answers."""
LONGEST_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one candidate did to users, in seconds from its first bad answer."""

    revision: str
    taken_back: bool
    """Whether the router let go of it."""
    zero_seconds: float | None
    """To the first report of the router without the candidate; None without a bad answer."""
    last_answer_seconds: float | None
    """To the last answer that any user got from it, a user with a sticky route included."""
    bad_answers: int
    requests: int
    """Answers of the candidate in all."""
    per_second: float
    """Answers of the candidate while it had traffic."""
    pinned: int
    """Users who had its route when the router let go of it."""
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The laptop, those who use it, and a second pair of eyes on its router."""

    laptop: Laptop
    users: Users
    router: EnvoyAdmin
    weight: int
    """Percent that a candidate gets."""

    def routes(self) -> Routes:
        """What the router does with requests, by its own report."""
        return self.router.routes().get(NAME, Routes())

    def tried(self, *, bad: bool, watched_seconds: float) -> Trial:
        """A new candidate gets its traffic, until it is taken back or time is over."""
        revision = self._applied(self.laptop.package(knows_rare=not bad))
        eventually(lambda: self.routes().weights.get(revision) == self.weight, within=90)
        self.users.come_anew()
        begin = time.monotonic()
        gone = self._watched(lambda: not self._leads_to(revision), watched_seconds)
        return self._trial(revision, begin, time.monotonic(), gone=gone)

    def _trial(self, revision: str, begin: float, end: float, *, gone: bool) -> Trial:
        """The figures of a candidate that had traffic between two moments."""
        pinned = self.users.pinned_to(revision)
        cause = self._cause() if gone else ""
        time.sleep(LINGER_SECONDS if gone else 0)
        answers = self.users.of(revision, sent_after=begin)
        bad = [answer for answer in answers if answer.is_failure]
        first_bad = min((answer.at for answer in bad), default=None)
        last = max((answer.at for answer in answers), default=begin)
        return Trial(
            revision=revision,
            taken_back=gone,
            zero_seconds=end - first_bad if gone and first_bad else None,
            last_answer_seconds=last - first_bad if gone and first_bad else None,
            bad_answers=len(bad),
            requests=len(answers),
            per_second=len(answers) / (end - begin),
            pinned=pinned,
            cause=cause,
        )

    def _applied(self, package: Path) -> str:
        wanted = parse(self.laptop.document(package, **watched(self.weight)))
        self.laptop.home.apply(wanted)
        return wanted_revision(NAME, wanted.spec).name

    def _leads_to(self, revision: str) -> bool:
        routes = self.routes()
        return revision in routes.weights or revision in routes.mirror

    def _watched(self, happened: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _cause(self) -> str:
        seen = self.laptop.until(lambda seen: seen["phase"] == "RolledBack")
        return str(seen["history"][-1]["cause"])


def said(chance: random.Random) -> dict[str, Any]:
    """The request of one turn; what it says decides which model fails on it."""
    drawn = chance.random()
    if drawn < STABLE_FAILS:
        return dict(asking(UNHEARD))
    return dict(asking(RARE if drawn < CANDIDATE_FAILS else COMMON))


def admin_of(laptop: Laptop) -> EnvoyAdmin:
    """The admin address of the running Envoy, as it was told."""
    bootstrap = json.loads((laptop.home.root / "envoy" / "bootstrap.json").read_text())
    return EnvoyAdmin(bootstrap["admin"]["address"]["socket_address"]["port_value"])
