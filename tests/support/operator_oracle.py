"""What an operator must never have done, judged by the API server's own log of writes.

It knows nothing of the core but its vocabulary. Versions of `MemoryCluster` order the writes of all
kinds, so "what was recorded when this was written" has one answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from memory_cluster import MemoryCluster
from sluice_operator.cluster.kind import (
    MODEL_DEPLOYMENT,
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    Kind,
    name_of,
)
from sluice_operator.seldon.v1_names import workloads_of

WHOLE = 100


@dataclass(slots=True)
class Oracle:
    """Goes through the log once and collects what was wrong."""

    bad_uris: frozenset[str] = frozenset()
    """Models that no gate may let through."""
    others: frozenset[int] = frozenset()
    """Versions that somebody else wrote by hand."""
    entry: str = "churn"
    """The Model that users ask for."""
    wrong: list[str] = field(default_factory=list)
    status: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    """Percent by Model as written last."""
    models: dict[str, bool] = field(default_factory=dict)
    """Models, or predictors, that exist, with whether they are ready."""
    uris: dict[str, str] = field(default_factory=dict)

    def read(self, cluster: MemoryCluster) -> list[str]:
        """Everything that was wrong, in words."""
        for version, kind, what, body in _log(cluster):
            self.hear(version, kind, what, body)
        return self.wrong

    def hear(self, version: int, kind: Kind, what: str, body: dict[str, Any]) -> None:
        """One write of any kind; in the order of their versions."""
        if kind == SELDON_MODEL:
            self._model(what, body)
        elif kind == SELDON_EXPERIMENT:
            self._divided(version, {} if what == "DELETED" else weights_of(body))
        elif kind == SELDON_DEPLOYMENT:
            self._predictors(version, what, body)
        else:
            self._deployment(version, body)

    def _model(self, what: str, body: dict[str, Any]) -> None:
        name = name_of(body)
        self.uris[name] = body["spec"]["storageUri"]
        if what == "DELETED":
            self.models.pop(name, None)
            if self.weights.get(name):
                self.wrong.append(f"Model {name} was deleted while it had weight")
            return
        conditions = body.get("status", {}).get("conditions", ())
        self.models[name] = any(
            c["type"] == "ModelReady" and c["status"] == "True" for c in conditions
        )

    def _predictors(self, version: int, what: str, body: dict[str, Any]) -> None:
        """Seldon Core 1 has weights and models in one object."""
        known = [] if what == "DELETED" else body["spec"]["predictors"]
        self.uris |= {one["name"]: one["graph"]["modelUri"] for one in known}
        workloads = body.get("status", {}).get("deploymentStatus", {})
        self.models = {one["name"]: _is_available(body, one, workloads) for one in known}
        if known and version not in self.others:
            self._refuse_losses(version)
            total = sum(one.get("traffic") or 0 for one in known if not one.get("shadow"))
            if total != WHOLE:
                self.wrong.append(f"v{version}: {total} % of the users are divided")
        self._divided(version, shares_of(known))

    def _refuse_losses(self, version: int) -> None:
        """Only a candidate that has to give its traffic back may lose its predictor with it."""
        for name in self.weights.keys() - self.models.keys():
            if self._allowed(name):
                self.wrong.append(f"v{version}: predictor {name} went while it had weight")

    def _divided(self, version: int, weights: dict[str, float]) -> None:
        before, self.weights = self.weights, weights
        if self.weights == before or version in self.others:
            return
        for name, share in self.weights.items():
            allowed = self._allowed(name)
            if share > allowed + 0.5 and share > before.get(name, 0):
                self.wrong.append(
                    f"v{version}: {name} got {share:.0f} %, but the record allows {allowed}"
                    f" ({self.status.get('phase')})"
                )
            gains = share > before.get(name, 0) and before
            if gains and name != self.entry and not self.models.get(name):
                self.wrong.append(f"v{version}: {name} got {share:.0f} %, but is not ready")

    def _allowed(self, name: str) -> int:
        status = self.status
        if (
            name == self.entry
        ):  # the fallback: nobody while it does not exist, else as good as its package
            first = status.get("stable") or status.get("candidate") or {}
            return 100 if self.uris.get(name) in {None, first.get("uri")} else 0
        if _is(status.get("stable"), name) or _is(status.get("previous"), name):
            return 100  # a retreat to the one before may come without record
        if not _is(status.get("candidate"), name):
            return 0
        if not status.get("stable"):
            return 100
        return int(status.get("traffic", {}).get("desiredWeight", 0))

    def _deployment(self, version: int, body: dict[str, Any]) -> None:
        before, self.status = self.status, body.get("status") or {}
        known = {(past["number"], past["outcome"]) for past in before.get("history", ())}
        for past in self.status.get("history", ()):
            news = (past["number"], past["outcome"]) not in known and past["number"] > 1
            uri = past["revision"]["uri"]
            if news and past["outcome"] == "Promoted" and uri in self.bad_uris:
                self.wrong.append(f"v{version}: {uri} was promoted")
        self._step(version, before)

    def _step(self, version: int, before: dict[str, Any]) -> None:
        """More weight only with what the step before has proven, or by somebody's hand."""
        now = self.status
        if before.get("attempt") != now.get("attempt") or not now.get("candidate"):
            return
        was, is_ = (s.get("traffic", {}).get("desiredWeight", 0) for s in (before, now))
        analysed = was > 0 or before.get("traffic", {}).get("mirrorPercent", 0) > 0
        by_hand = before.get("lastAction") != now.get("lastAction")
        if is_ <= was or not analysed or by_hand or now.get("goingBack"):
            return
        verdicts = {gate["name"]: gate["verdict"] for gate in now.get("gates", ())}
        if verdicts.get("slo") != "Safe":
            self.wrong.append(f"v{version}: {was} to {is_} % without a verdict: {verdicts}")


def _is(revision: dict[str, Any] | None, name: str) -> bool:
    return bool(revision) and revision is not None and revision["name"] == name


def weights_of(body: dict[str, Any]) -> dict[str, float]:
    """Percent by Model; the entry Model without weight is left out."""
    given = {c["name"]: c.get("weight") or 0 for c in body["spec"].get("candidates", ())}
    total = sum(given.values())
    return {name: 100 * weight / total for name, weight in given.items() if weight}


def shares_of(predictors: list[dict[str, Any]]) -> dict[str, float]:
    """Percent of the users by predictor."""
    return {
        one["name"]: one["traffic"]
        for one in predictors
        if one.get("traffic") and not one.get("shadow")
    }


def _is_available(
    body: dict[str, Any], predictor: dict[str, Any], workloads: dict[str, Any]
) -> bool:
    names = workloads_of(name_of(body), predictor["name"])
    return any((workloads.get(name) or {}).get("availableReplicas") for name in names)


def _log(cluster: MemoryCluster) -> Iterator[tuple[int, Kind, str, dict[str, Any]]]:
    kinds = (MODEL_DEPLOYMENT, SELDON_EXPERIMENT, SELDON_MODEL, SELDON_DEPLOYMENT)
    changes = [(change, kind) for kind in kinds for change in cluster.changes(kind)]
    for change, kind in sorted(changes, key=lambda pair: pair[0].version):
        yield change.version, kind, change.what, change.body
