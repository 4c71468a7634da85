"""What a contract test of Seldon may use: resources, a user, and the counters; double or real.

A real Seldon is used when SELDON_MESH is set, see docs/seldon-contract.md.
"""

import contextlib
import itertools
import json
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from eventually import eventually
from prometheus_client.parser import text_string_to_metric_families
from seldon_double.backend import BEHAVIOUR
from seldon_double.double import SeldonDouble
from seldon_double.release import Release
from seldon_double.secret import SECRET
from sluice_operator.cluster.kind import SELDON_EXPERIMENT, SELDON_MODEL, Kind
from sluice_operator.cluster.port import Cluster
from sluice_operator.errors import ConflictError

CAPABILITY = "sklearn"
ROUTE_HEADER = "x-seldon-route"
INPUT = {"inputs": [{"name": "predict", "shape": [1, 1], "datatype": "FP64", "data": [0.0]}]}
SETTLE_SECONDS = 30.0
BACK_SECONDS = 300.0
"""A real scheduler of 2.10.2 that was killed takes minutes until it works and is heard again."""
GIVE_UP_SECONDS = 150.0
"""A real agent tries for a minute to load what cannot be loaded; nothing is deleted meanwhile."""
NAMES = itertools.count(1)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a user saw."""

    status: int
    by: str
    """The Model that answered, without its version; empty if none did."""
    route: str
    """To be sent back by who wants the same Model again."""
    body: Json
    headers: httpx.Headers


@dataclass(kw_only=True)
class SeldonWorld:
    """One Seldon in one namespace."""

    cluster: Cluster
    namespace: str
    release: Release
    url: str
    admin_url: str
    scrape: Callable[[], str]
    """The metrics of all agents."""
    folder: Path
    """Where model servers find models."""
    stop_scheduler: Callable[[], None]
    start_scheduler: Callable[[], None]
    double: SeldonDouble | None = None
    prefix: str = ""
    """Begins every name, so that no test meets what another one has left."""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=90, trust_env=False))

    def fresh(self) -> None:
        """Begin another test."""
        self.prefix = f"t{next(NAMES)}-"

    # resources

    def package(self, name: str, **behaviour: Any) -> str:
        """A model that behaves as told; the URI of its folder."""
        folder = self.folder / f"{self.prefix}{name}"
        folder.mkdir(parents=True, exist_ok=True)
        self.behave(str(folder), **behaviour)
        settings = {
            "name": name,
            "implementation": "seldon_double_standin.StandInModel",
            "parameters": {"extra": {"behaviour": str(folder / BEHAVIOUR)}},
        }
        (folder / "model-settings.json").write_text(json.dumps(settings))
        return str(folder)

    def behave(self, uri: str, **behaviour: Any) -> None:
        """From now on the model behaves like this."""
        fresh = Path(uri) / "behaviour.new"
        fresh.write_text(json.dumps(behaviour))
        fresh.rename(Path(uri) / BEHAVIOUR)

    def ask_for_model(self, name: str, uri: str, **spec: Any) -> str:
        """Create a Model, without waiting for it; its whole name."""
        whole = f"{self.prefix}{name}"
        wanted = {"storageUri": uri, "requirements": [CAPABILITY], "memory": "10Ki", **spec}
        self._create(SELDON_MODEL, whole, wanted)
        return whole

    def model(self, name: str, **behaviour: Any) -> str:
        """A Model that takes requests, which is a little later than it is ready; its whole name."""
        whole = self.ask_for_model(name, self.package(name, **behaviour))
        self.await_ready(SELDON_MODEL, whole)
        eventually(lambda: self.weights(whole), SETTLE_SECONDS)
        return whole

    def ask_for_experiment(self, name: str, weights: Mapping[str, int], **spec: Any) -> str:
        """Create an Experiment or change the one there is; its whole name."""
        whole = f"{self.prefix}{name}"
        candidates = [{"name": model, "weight": weight} for model, weight in weights.items()]
        wanted = {"candidates": candidates, **spec}
        if self.cluster.get(SELDON_EXPERIMENT, self.namespace, whole) is None:
            self._create(SELDON_EXPERIMENT, whole, wanted)
        else:
            self.edit(SELDON_EXPERIMENT, whole, lambda body: body.update(spec=wanted))
        return whole

    def experiment(self, name: str, weights: Mapping[str, int], **spec: Any) -> str:
        """An Experiment that Seldon says is in force, at its creation."""
        whole = self.ask_for_experiment(name, weights, **spec)
        self.await_ready(SELDON_EXPERIMENT, whole)
        return whole

    def split(self, stable: str, candidate: str, weight: int, **spec: Any) -> str:
        """An Experiment whose default gives some of its traffic away; in force for users."""
        weights = {stable: 100 - weight, candidate: weight}
        whole = self.ask_for_experiment("split", weights, default=stable, **spec)
        eventually(lambda: self.weights(stable) == weights, SETTLE_SECONDS)
        return whole

    def secret(self, name: str, **keys: str) -> str:
        """A Secret, of one remote that nobody uses unless keys are given; its whole name."""
        whole = f"{self.prefix}{name}"
        metadata = {"name": whole, "namespace": self.namespace}
        remote = {"spare": '{"name": "spare", "type": "local", "parameters": {}}'}
        self.cluster.create(SECRET, {"metadata": metadata, "stringData": keys or remote})
        return whole

    def edit(self, kind: Kind, name: str, change: Callable[[Json], None]) -> None:
        """Change an object, whoever else is writing to it."""
        eventually(lambda: self._edited(kind, name, change))

    def delete(self, kind: Kind, name: str) -> None:
        """Delete an object, and wait until it is gone."""
        self.cluster.delete(kind, self.namespace, name)
        gone = lambda: self.cluster.get(kind, self.namespace, name) is None  # noqa: E731
        eventually(gone, SETTLE_SECONDS)

    def clear(self) -> None:
        """Delete everything that bears this test's prefix."""
        for kind in (SELDON_EXPERIMENT, SELDON_MODEL):
            named = [b["metadata"]["name"] for b in self.cluster.list(kind, self.namespace)]
            for name in named:
                if name.startswith(self.prefix):
                    self.cluster.delete(kind, self.namespace, name)
        eventually(self._cleared, GIVE_UP_SECONDS)
        for name in [b["metadata"]["name"] for b in self.cluster.list(SECRET, self.namespace)]:
            if name.startswith(self.prefix):
                self.cluster.delete(SECRET, self.namespace, name)

    # status

    def conditions(self, kind: Kind, name: str) -> dict[str, Json]:
        """Conditions by type; none while there is no status."""
        body = self.cluster.get(kind, self.namespace, name) or {}
        return {c["type"]: c for c in (body.get("status") or {}).get("conditions", ())}

    def is_true(self, kind: Kind, name: str, condition: str = "Ready") -> bool:
        return self.conditions(kind, name).get(condition, {}).get("status") == "True"

    def is_false(self, kind: Kind, name: str, condition: str = "Ready") -> bool:
        return self.conditions(kind, name).get(condition, {}).get("status") == "False"

    def await_ready(self, kind: Kind, name: str) -> None:
        eventually(lambda: self.is_true(kind, name), SETTLE_SECONDS)

    # traffic

    def ask(self, model: str = "", *, path: str = "", sticky: str = "") -> Answer:
        """One request for a model by header, unless a name in the path is given instead."""
        asked = {"seldon-model": model, ROUTE_HEADER: sticky}
        headers = {name: value for name, value in asked.items() if value}
        url = f"{self.url}/v2/models/{path or 'any'}/infer"
        return _answer(self.client.post(url, json=INPUT, headers=headers))

    def count(self, requests: int, model: str, sticky: str = "") -> Counter[str]:
        """Who answered how many of some requests."""
        return Counter(self.ask(model, sticky=sticky).by for _ in range(requests))

    @contextlib.contextmanager
    def load(self, model: str) -> Iterator[list[Answer]]:
        """A user that asks for a model without pause while the block runs."""
        answers: list[Answer] = []
        over = threading.Event()

        def run() -> None:
            while not over.is_set():
                answers.append(self.ask(model))

        user = threading.Thread(target=run)
        user.start()
        try:
            eventually(lambda: answers)
            yield answers
        finally:
            over.set()
            user.join()

    # what Envoy and the agents report

    def tables(self) -> dict[str, list[Json]]:
        """Routes by the name of their table; an Envoy that knows none yet answers 404."""
        query = {"resource": "dynamic_route_configs"}
        answer = self.client.get(f"{self.admin_url}/config_dump", params=query)
        dump = answer.json() if answer.is_success else {}
        tables = [config["route_config"] for config in dump.get("configs", ())]
        return {
            t["name"]: [r for h in t["virtual_hosts"] for r in h.get("routes", ())] for t in tables
        }

    def route(self, name: str, table: str = "listener_0") -> Json:
        """The route of that name; nothing if there is none."""
        return next((r for r in self.tables().get(table, ()) if r["name"] == name), {})

    def weights(self, model: str) -> dict[str, int]:
        """Weights by Model in the route of a Model."""
        action = self.route(f"{model}_http").get("route", {})
        shares = action.get("weighted_clusters", {}).get("clusters", ())
        return {_model(_internal(s)): s.get("weight", 0) for s in shares}

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples with these labels."""
        families = text_string_to_metric_families(self.scrape())
        samples = [s for family in families for s in family.samples if s.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    def labels(self, name: str) -> list[Mapping[str, str]]:
        """The labels of all samples of a metric."""
        families = text_string_to_metric_families(self.scrape())
        return [s.labels for family in families for s in family.samples if s.name == name]

    def _create(self, kind: Kind, name: str, spec: Json) -> None:
        body = {"metadata": {"name": name, "namespace": self.namespace}, "spec": spec}
        self.cluster.create(kind, body)

    def _edited(self, kind: Kind, name: str, change: Callable[[Json], None]) -> bool:
        body = dict(self.cluster.get(kind, self.namespace, name) or {})
        change(body)
        try:
            self.cluster.replace(kind, body)
        except ConflictError:
            return False
        return True

    def _cleared(self) -> bool:
        kinds = (SELDON_EXPERIMENT, SELDON_MODEL)
        found = [b for kind in kinds for b in self.cluster.list(kind, self.namespace)]
        return not [b for b in found if b["metadata"]["name"].startswith(self.prefix)]


def shell(command: str) -> None:
    """Run a command of whoever has set up a real Seldon."""
    subprocess.run(["/bin/sh", "-c", command], check=True)


def _answer(response: httpx.Response) -> Answer:
    route = response.headers.get(ROUTE_HEADER, "")
    try:
        body = response.json()
    except ValueError:
        body = {}
    return Answer(
        status=response.status_code,
        by=_model(route.strip(":")),
        route=route,
        body=body,
        headers=response.headers,
    )


def _model(internal: str) -> str:
    return internal.rpartition("_")[0]


def _internal(share: Json) -> str:
    added = share.get("request_headers_to_add", ())
    return next(
        h["header"]["value"] for h in added if h["header"]["key"] == "seldon-internal-model"
    )
