"""One lease with its replicas, which are killed and frozen again and again."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventually import eventually  # type: ignore[import-not-found]
from rest import path_of
from rig import Rig
from rig_judgement import Journal  # type: ignore[import-not-found]
from sluice import Sluice
from sluice_operator.cluster.kind import LEASE
from sluice_operator.serving.process import Process
from user import User

LEASE_NAME = "sluice-operator"
ACTING_SECONDS = (0.1, 6.0)
"""How long a leader acts before it is killed."""
AIM_SECONDS = 8.0
"""How long an aimed kill waits for a status to be written."""
TAKE_OVER_SECONDS = 120.0
REST_SECONDS = 240.0
THAWED_SECONDS = 1.5
KINDS = ("kill", "kill", "kill with standby", "freeze with standby")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One end of one leader."""

    kind: str
    aimed: bool
    """Whether it was killed just after it wrote a status that changes traffic."""
    acted_seconds: float
    gone_seconds: float
    """From the kill to the next leader."""


@dataclass
class Victim:
    """The replicas of one namespace, and the users who keep them busy."""

    rig: Rig
    subject: Sluice
    journal: Journal
    users: Sequence[User]
    chance: random.Random
    replicas: dict[str, Process] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    restless: list[str] = field(default_factory=list)
    """Deployments that did not come to rest in the end, with what they say."""
    _started: int = 0

    def go(self, runs: int) -> None:
        """All runs, then one leader who may finish what is under way."""
        for user in self.users:
            user.begin()
        self._start()
        for _ in range(runs):
            self._run(self.chance.choice(KINDS))
        self._leader()
        for user in self.users:
            user.finish()
        self._rest()

    def close(self) -> None:
        """End the replicas."""
        for process in self.replicas.values():
            process.close()
        self.replicas.clear()

    def _rest(self) -> None:
        """Nobody is killed any more, and nobody wants anything new."""

        def all_rest() -> bool:
            self._refuse_deserters()
            self.restless = [self._shown(u) for u in self.users if not self._is_at_rest(u)]
            return not self.restless

        with contextlib.suppress(AssertionError):
            eventually(all_rest, within=REST_SECONDS, every=0.2)

    def _is_at_rest(self, user: User) -> bool:
        body = self.journal.newest.get((self.subject.namespace, user.name))
        return body is not None and self.subject.is_at_rest(body)

    def _shown(self, user: User) -> str:
        body = self.journal.newest.get((self.subject.namespace, user.name), {})
        status = body.get("status") or {}
        said = {name: status.get(name) for name in ("phase", "message", "step", "traffic")}
        return f"{self.subject.namespace}/{user.name}: {said}"

    def _run(self, kind: str) -> None:
        leader, began = self._leader(), time.monotonic()
        if kind != "kill" and len(self.replicas) < 2:
            self._start()
        self._wait(self.chance.uniform(*ACTING_SECONDS), lambda: False)
        aimed = self.chance.random() < 0.5 and self._aim()
        acted, killed = time.monotonic() - began, time.monotonic()
        if kind == "freeze with standby":
            self._freeze(leader)
        else:
            self._kill(leader)
            if not self.replicas:
                self._start()
            self._leader()
        gone = time.monotonic() - killed
        self.runs.append(Run(kind=kind, aimed=aimed, acted_seconds=acted, gone_seconds=gone))

    def _start(self) -> None:
        """One more replica, under a name of its own."""
        self._started += 1
        identity = f"r{self._started}"
        variables = {**self.subject.variables, "SLUICE_IDENTITY": identity}
        ground = self.rig.ground
        subject = self.subject.with_variables(variables)
        self.replicas[identity] = subject.controller(ground, 0)

    def _kill(self, identity: str) -> None:
        process = self.replicas.pop(identity)
        process.kill()
        process.close()

    def _freeze(self, identity: str) -> None:
        """It stops in the middle, another takes over, and it wakes up believing that it leads."""
        process = self.replicas[identity]
        os.killpg(process.pid, signal.SIGSTOP)
        self._leader(other_than=identity)
        self._wait(self.chance.uniform(0, THAWED_SECONDS), lambda: False)
        os.killpg(process.pid, signal.SIGCONT)
        self._wait(THAWED_SECONDS, lambda: False)
        self._kill(identity)

    def _aim(self) -> bool:
        """Until the leader has written a status with another picture; traffic comes next."""
        before = self._epochs()
        return self._wait(AIM_SECONDS, lambda: self._epochs() != before, every=0.001)

    def _epochs(self) -> list[Any]:
        places = [(self.subject.namespace, user.name) for user in self.users]
        bodies = [self.journal.newest.get(place, {}) for place in places]
        return [(b.get("status") or {}).get("traffic", {}).get("epoch") for b in bodies]

    def _leader(self, other_than: str = "") -> str:
        """Whoever leads, once somebody of the living does."""
        found: list[str] = []

        def leads() -> bool:
            self._act()
            holder = self._holder()
            found[:] = [one for one in self.replicas if holder == one and one != other_than]
            return bool(found)

        eventually(leads, within=TAKE_OVER_SECONDS, every=0.1)
        return found[0]

    def _holder(self) -> str:
        answer = self.rig.client.get(path_of(LEASE, self.subject.namespace, LEASE_NAME))
        if not answer.is_success:
            return ""
        return str(answer.json()["spec"].get("holderIdentity") or "").rpartition("_")[0]

    def _wait(self, seconds: float, until: Callable[[], bool], every: float = 0.05) -> bool:
        """Users go on meanwhile; whether it came about."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if until():
                return True
            self._act()
            time.sleep(every)
        return False

    def _act(self) -> None:
        self._refuse_deserters()
        for user in self.users:
            body = self.journal.newest.get((self.subject.namespace, user.name))
            if body is not None:
                user.act(body)

    def _refuse_deserters(self) -> None:
        for identity, process in self.replicas.items():
            if process.ended():
                raise RuntimeError(f"{self.subject.namespace}: {identity} has ended by itself")
