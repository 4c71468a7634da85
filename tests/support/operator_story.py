"""What people and the world do to a rollout while the operator works: deeds, and stories."""

from collections.abc import Callable
from typing import Any, Protocol

from memory_cluster import MemoryCluster
from operator_seldon import Generation
from seldon_painter import SeldonPainter
from sluice_operator.cluster.kind import MODEL_DEPLOYMENT, ROLLOUT_ACTION
from sluice_operator.simulation.world import World

NAMESPACE, NAME = "ml", "churn"
KEY = (NAMESPACE, NAME)
V1, V2_GOOD, V3_BAD, V4_BROKEN = (f"s3://models/v{n}" for n in range(1, 5))
SPEC: dict[str, Any] = {
    "strategy": {
        "type": "Canary",
        "steps": [
            {"setWeight": 10},
            {"analysis": {"gates": ["slo"], "minDuration": "5s", "maxDuration": "10m"}},
            {"setWeight": 50},
            {"analysis": {"gates": ["slo"], "minDuration": "5s", "maxDuration": "10m"}},
        ],
    },
    "gates": [
        {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "1.5"},
        {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.05"},
    ],
    "rollback": {"bake": "20s"},
    "progressDeadline": "60s",
    "noDataLimit": "20s",
}
_CHECK = {"analysis": {"gates": ["slo"], "minDuration": "5s", "maxDuration": "10m"}}
STRATEGIES: dict[str, Any] = {
    "blue/green": {
        "type": "BlueGreen",
        "steps": [{"mirror": {"percent": 50}}, _CHECK, {"setWeight": 100}],
    },
    "shadow": {"type": "Shadow", "steps": [{"mirror": {"percent": 100}}, _CHECK]},
    "a/b": {
        "type": "ABTest",
        "experiment": {"weight": 50, "primaryGate": "slo", "minDuration": "5s", "duration": "10m"},
    },
    "shadow then canary": {
        "type": "Canary",
        "steps": [
            {"mirror": {"percent": 50}},
            _CHECK,
            {"mirror": {"percent": 0}},
            {"setWeight": 10},
            _CHECK,
        ],
    },
    "approval": {
        "type": "Canary",
        "steps": [{"setWeight": 10}, _CHECK, {"approval": {}}, {"setWeight": 50}, _CHECK],
    },
    "slow": {
        "type": "Canary",
        "steps": [
            {"setWeight": 10},
            {"analysis": {"gates": ["slo"], "minDuration": "9m", "maxDuration": "10m"}},
            {"setWeight": 50},
            _CHECK,
        ],
    },
}
ISOLATED = "servers of its own"
SUSPENDED = "suspended"
AB_GATES = [
    {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "1.5"},
    {
        "name": "slo",
        "metric": "ErrorRate",
        "comparison": "Absolute",
        "margin": "0.05",
        "role": "Objective",
    },
]
Deed = tuple[int, str, str]
"""Second, what is done, and to what."""


class Scene(Protocol):
    """Where deeds are done."""

    seldon: Generation
    meddler: bool
    """Whether somebody edits the traffic object every second."""

    memory: MemoryCluster
    painter: SeldonPainter
    world: World
    stormy: bool
    meddled: set[int]

    def seconds(self) -> float:
        """Since the beginning."""
        ...


def _wants(storm: Scene, about: str) -> None:
    """A model; with ` as ` how it is tried, and with `, ` what else is wanted."""
    known, *more = about.split(", ")
    uri, _, how = known.partition(" as ")
    strategy = {"strategy": STRATEGIES[how]} if how else {}
    gates = {"gates": AB_GATES} if how == "a/b" else {}
    isolation = {"isolation": "Server"} if ISOLATED in more and storm.seldon.has_entry else {}
    spec = {"model": {"uri": uri}} | SPEC | strategy | gates
    spec |= {"backend": {"type": storm.seldon.backend} | isolation, "suspend": SUSPENDED in more}
    if storm.memory.get(MODEL_DEPLOYMENT, *KEY) is None:
        storm.memory.create(
            MODEL_DEPLOYMENT,
            {
                "apiVersion": MODEL_DEPLOYMENT.api_version,
                "kind": MODEL_DEPLOYMENT.kind,
                "metadata": {"name": NAME, "namespace": NAMESPACE},
                "spec": {},
            },
        )
    storm.memory.edit(MODEL_DEPLOYMENT, *KEY, lambda body: body.update(spec=spec))


def _asks(storm: Scene, verb: str) -> None:
    body = storm.memory.get(MODEL_DEPLOYMENT, *KEY)
    status = (body or {}).get("status", {})
    judged = status.get("candidate") or status.get("stable")
    if judged is None:
        return
    rejected = status.get("rejected", ()) if verb == "Retry" else ()
    name = rejected[-1] if rejected else judged["name"]
    spec = {"target": NAME, "revision": name, "verb": verb, "by": "jo"}
    storm.memory.create(
        ROLLOUT_ACTION,
        {
            "apiVersion": ROLLOUT_ACTION.api_version,
            "kind": ROLLOUT_ACTION.kind,
            "metadata": {
                "name": f"{verb.lower()}-{int(storm.seconds())}",
                "namespace": NAMESPACE,
            },
            "spec": spec,
        },
    )


def _deletes(storm: Scene, about: str) -> None:
    storm.memory.delete(MODEL_DEPLOYMENT, *KEY)


def _metrics(storm: Scene, about: str) -> None:
    storm.world.metrics_down = about == "away" and storm.stormy


def _seldon(storm: Scene, about: str) -> None:
    storm.painter.away = about == "away" and storm.stormy


def _router(storm: Scene, about: str) -> None:
    storm.painter.unreadable = "away" if about == "away" and storm.stormy else ""


def _meddles(storm: Scene, about: str) -> None:
    """Somebody edits the traffic object by hand; the oracle must not take it for ours."""
    kind = storm.seldon.traffic
    if storm.memory.get(kind, *KEY) is not None:
        storm.memory.edit(kind, *KEY, lambda body: storm.seldon.meddled(body["spec"], NAME))
        storm.meddled.add(storm.memory.version)


def _meddler(storm: Scene, about: str) -> None:
    storm.meddler = about == "comes" and storm.stormy


DEEDS: dict[str, Callable[[Scene, str], None]] = {
    "wants": _wants,
    "asks": _asks,
    "deletes": _deletes,
    "metrics": _metrics,
    "seldon": _seldon,
    "router": _router,
    "meddles": _meddles,
    "meddler": _meddler,
}
STORIES: dict[str, tuple[Deed, ...]] = {
    "good": ((0, "wants", V1), (15, "wants", V2_GOOD)),
    "bad": ((0, "wants", V1), (15, "wants", V3_BAD)),
    "broken": ((0, "wants", V1), (15, "wants", V4_BROKEN)),
    "blue/green": ((0, "wants", V1), (15, "wants", f"{V2_GOOD} as blue/green")),
    "bad blue/green": ((0, "wants", V1), (15, "wants", f"{V3_BAD} as blue/green")),
    "shadow": ((0, "wants", V1), (15, "wants", f"{V2_GOOD} as shadow")),
    "bad shadow": ((0, "wants", V1), (15, "wants", f"{V3_BAD} as shadow")),
    "a/b": ((0, "wants", V1), (15, "wants", f"{V2_GOOD} as a/b")),
    "bad a/b": ((0, "wants", V1), (15, "wants", f"{V3_BAD} as a/b")),
    "third revision": ((0, "wants", V1), (15, "wants", V2_GOOD), (24, "wants", V3_BAD)),
    "revert": ((0, "wants", V1), (15, "wants", V2_GOOD), (24, "wants", V1)),
    "delete": ((0, "wants", V1), (15, "wants", V2_GOOD), (24, "deletes", "")),
    "abort": ((0, "wants", V1), (15, "wants", V2_GOOD), (24, "asks", "Abort")),
    "abort and retry": (
        (0, "wants", V1),
        (15, "wants", V2_GOOD),
        (22, "asks", "Abort"),
        (40, "asks", "Retry"),
    ),
    "pause and resume": (
        (0, "wants", V1),
        (15, "wants", V2_GOOD),
        (22, "asks", "Pause"),
        (40, "asks", "Resume"),
    ),
    "undo": ((0, "wants", V1), (15, "wants", V2_GOOD), (55, "asks", "Undo")),
    "metrics away": (
        (0, "wants", V1),
        (15, "wants", V2_GOOD),
        (20, "metrics", "away"),
        (70, "metrics", "back"),
    ),
    "seldon away": (
        (0, "wants", V1),
        (15, "wants", V3_BAD),
        (20, "seldon", "away"),
        (60, "seldon", "back"),
    ),
    "router unreadable": (
        (0, "wants", V1),
        (15, "wants", V2_GOOD),
        (20, "router", "away"),
        (60, "router", "back"),
    ),
    "meddled": ((0, "wants", V1), (15, "wants", V2_GOOD), (25, "meddles", "")),
    "meddled again and again": (
        (0, "wants", V1),
        (15, "wants", V2_GOOD),
        (22, "meddler", "comes"),
        (140, "meddler", "goes"),
    ),
    "approved": (
        (0, "wants", V1),
        (15, "wants", f"{V2_GOOD} as approval"),
        (60, "asks", "Promote"),
        (300, "asks", "Promote"),  # a storm may have come before the step that waits for it
    ),
    "approved too early": (
        (0, "wants", V1),
        (15, "wants", f"{V2_GOOD} as approval"),
        (17, "asks", "Promote"),
        (60, "asks", "Promote"),
        (300, "asks", "Promote"),
    ),
    "step skipped": (
        (0, "wants", V1),
        (15, "wants", f"{V2_GOOD} as slow"),
        (30, "asks", "SkipStep"),
    ),
    "promoted by hand": (
        (0, "wants", V1),
        (15, "wants", f"{V2_GOOD} as slow"),
        (30, "asks", "PromoteFull"),
    ),
    "suspended": (
        (0, "wants", V1),
        (15, "wants", V2_GOOD),
        (20, "wants", f"{V2_GOOD}, {SUSPENDED}"),
        (60, "wants", V2_GOOD),
    ),
    "bad and suspended": (
        (0, "wants", V1),
        (15, "wants", V3_BAD),
        (18, "wants", f"{V3_BAD}, {SUSPENDED}"),
        (60, "wants", V3_BAD),
    ),
    "servers of its own": (
        (0, "wants", V1),
        (15, "wants", f"{V2_GOOD}, {ISOLATED}"),
    ),
    "bad with servers of its own": (
        (0, "wants", V1),
        (15, "wants", f"{V3_BAD} as blue/green, {ISOLATED}"),
    ),
    "shadow then canary": ((0, "wants", V1), (15, "wants", f"{V2_GOOD} as shadow then canary")),
    "bad shadow then canary": (
        (0, "wants", V1),
        (15, "wants", f"{V3_BAD} as shadow then canary"),
    ),
}
