"""Users of one ModelDeployment who never leave it alone: story follows story."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from rest import create, patch
from sluice import HEALTHY_SHARE, Sluice, uri_of
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, ROLLOUT_ACTION
from subject import BAD_SHARE, Body

REST_SECONDS = (0.0, 2.0)
SECOND_ACT_SECONDS = (0.5, 6.0)
STORIES = ("good", "bad", "aborted", "overtaken by good", "overtaken by bad", "reverted")
Order = Callable[[list[Body]], None]


@dataclass
class User:
    """Whoever applies one deployment, and acts twice in most stories."""

    subject: Sluice
    name: str
    client: httpx.Client
    order: Order
    chance: random.Random
    bad_uris: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    """Stories so far."""
    _versions: int = 0
    _due: float = 0.0
    _second: Callable[[Body], None] | None = None

    def begin(self) -> None:
        """Apply the first version."""
        self._count(bad=False)
        create(self.client, MODEL_DEPLOYMENT, self.subject.document(self.name, self._versions))

    def act(self, body: Body) -> None:
        """Do what is due, given the deployment as it is."""
        if time.monotonic() < self._due:
            return
        if self._second is not None:
            second, self._second = self._second, None
            second(body)
        elif self.subject.is_at_rest(body):
            self._tell(self.chance.choice(STORIES))

    def finish(self) -> None:
        """No second act any more."""
        self._second, self._due = None, float("inf")

    def _tell(self, story: str) -> None:
        self.told.append(story)
        self._want(bad=story == "bad")
        self._second = {
            "aborted": self._abort,
            "overtaken by good": lambda _: self._want(bad=False),
            "overtaken by bad": lambda _: self._want(bad=True),
            "reverted": self._revert,
        }.get(story)
        span = SECOND_ACT_SECONDS if self._second else REST_SECONDS
        self._due = time.monotonic() + self.chance.uniform(*span)

    def _want(self, *, bad: bool) -> None:
        self._count(bad=bad)
        self._apply(uri_of(self.name, self._versions))

    def _revert(self, body: Body) -> None:
        """Back to what is in charge, in the middle."""
        stable = (body.get("status") or {}).get("stable")
        if stable:
            self._apply(stable["uri"])

    def _abort(self, body: Body) -> None:
        candidate = (body.get("status") or {}).get("candidate")
        if not candidate:
            return
        spec = {"target": self.name, "revision": candidate["name"], "verb": "Abort"}
        place = {"namespace": self.subject.namespace, "name": f"{self.name}-{len(self.told)}"}
        kind = {"apiVersion": ROLLOUT_ACTION.api_version, "kind": ROLLOUT_ACTION.kind}
        action = {**kind, "metadata": place, "spec": {**spec, "by": "jo", "reason": "a doubt"}}
        create(self.client, ROLLOUT_ACTION, action)

    def _count(self, *, bad: bool) -> None:
        """A new version, whose requests are counted from now on."""
        self._versions += 1
        share = BAD_SHARE if bad else HEALTHY_SHARE
        self.order([self.subject.counter(self.name, self._versions, share)])
        if bad:
            self.bad_uris.add(uri_of(self.name, self._versions))

    def _apply(self, uri: str) -> None:
        place = self.subject.namespace, self.name
        patch(self.client, MODEL_DEPLOYMENT, place, {"spec": {"model": {"uri": uri}}})
