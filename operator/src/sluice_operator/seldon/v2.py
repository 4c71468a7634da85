"""Seldon Core 2: one Model per revision, one entry Model, one Experiment. Pure.

The entry Model bears the deployment's own name, which users call for ever, and carries stable's
package; it has no weight of its own. The Experiment has it as `default`, so that its route is the
one that the weights divide, and what Seldon falls back to when it cannot follow them is stable's
package. A revision is listed only while it has traffic: sticky routes survive a weight of 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluice_operator.api.v1alpha1 import Isolation
from sluice_operator.cluster.kind import (
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    Object,
    name_of,
)
from sluice_operator.cluster.port import Plain
from sluice_operator.model import Revision, Routes, Routing
from sluice_operator.seldon.credential import secret_of
from sluice_operator.seldon.errors import NameTakenError
from sluice_operator.seldon.manifest import (
    REVISION_ANNOTATION,
    STORAGE_ANNOTATION,
    UNUSED_ANNOTATION,
    Manifest,
    annotation,
    is_leaving,
)
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.seen import Objects, Readiness, Seen
from sluice_operator.seldon.traffic import Fallback, permitted, refuse_unsupported

KINDS = (SELDON_SERVER, SELDON_MODEL, SELDON_EXPERIMENT)
TRAFFIC = SELDON_EXPERIMENT
SERVER_CONFIG = "mlserver"
"""The ServerConfig that a Server of our own is made from."""
SERVER_ANNOTATION = "sluice.dev/server"
"""The Server that was made for a revision alone."""
READY_CONDITION = "ModelReady"
FAILED_STATE = "ModelFailed"
"""Seldon loads a failed model again only when the Model changes, so that it stays failed."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture being drawn."""

    place: Place
    routing: Routing
    seen: Seen
    present: Mapping[str, Object]
    """Models by name."""

    @property
    def entry(self) -> Object | None:
        """The entry Model as it is."""
        return self.present.get(self.place.deployment)

    @property
    def carried(self) -> str:
        """The revision whose package the entry Model carries."""
        return annotation(self.entry, REVISION_ANNOTATION) if self.entry else ""


def render(place: Place, routing: Routing, seen: Seen, objects: Objects) -> tuple[Manifest, ...]:
    """Every object that should exist, in the order of writing; revisions without URI are left out.

    Raises:
        UnsupportedRoutingError: Seldon cannot carry the picture.
    """
    refuse_unsupported(place.deployment, routing)
    if routing.stable is None:
        return ()
    drawing = Drawing(place, routing, seen, _by_name(objects))
    models = [_model(drawing, revision) for revision in routing.revisions]
    servers = [_server(drawing, model) for model in models if model is not None]
    drawn = (*servers, *models, _entry(drawing), _experiment(drawing))
    return tuple(manifest for manifest in drawn if manifest is not None)


def traffic(drawing: Drawing) -> Routes:
    """The traffic to ask for now."""
    stable, place = drawing.routing.stable, drawing.place
    answers = place.deployment in drawing.seen.ready
    carries = stable is not None and drawing.carried == stable.name
    fallback = Fallback(name=place.deployment, steps_in=answers and carries)
    return permitted(drawing.routing, drawing.seen, fallback)


def readiness(place: Place, objects: Objects) -> Readiness:
    """What the Models say about themselves; the entry Model goes by the deployment's name."""
    ready: list[str] = []
    failed: dict[str, str] = {}
    waiting: dict[str, str] = {}
    for body in objects.get(SELDON_MODEL, ()):
        condition = _condition(body)
        said = ": ".join(filter(None, (condition.get("message"), condition.get("reason"))))
        if is_leaving(body) or not _is_rendered(body):
            waiting[name_of(body)] = "not the Model that Sluice wrote"
        elif condition.get("status") == "True":
            ready.append(name_of(body))
        elif condition.get("message") == FAILED_STATE:
            failed[name_of(body)] = said
        else:
            waiting[name_of(body)] = said or "Seldon has not spoken yet"
    return Readiness(ready=frozenset(ready), failed=failed, waiting=waiting)


def listed(place: Place, objects: Objects) -> Routes | None:
    """The traffic that the Experiment asks for; the entry Model without weight is nobody."""
    experiments = objects.get(SELDON_EXPERIMENT, ())
    body = next((one for one in experiments if name_of(one) == place.deployment), None)
    if body is None or is_leaving(body):
        return None
    spec = body.get("spec") or {}
    weights = {one["name"]: int(one.get("weight") or 0) for one in spec.get("candidates") or ()}
    if not weights.get(place.deployment):
        weights.pop(place.deployment, None)
    mirror = spec.get("mirror")
    mirrored = {mirror["name"]: int(mirror.get("percent") or 0)} if mirror else {}
    return Routes(weights=weights, mirror=mirrored)


def uris(place: Place, objects: Objects) -> dict[str, str]:
    """Where the model of each revision lay when its Model was made."""
    models = objects.get(SELDON_MODEL, ())
    found = {annotation(body, REVISION_ANNOTATION): _storage(body) for body in models}
    return {revision: uri for revision, uri in found.items() if revision and uri}


def refuse_rivals(place: Place, experiments: Iterable[Object]) -> None:
    """Seldon lets a Model be the default of one Experiment only.

    Raises:
        NameTakenError: Another Experiment has our entry Model for its default.
    """
    for body in experiments:
        default = (body.get("spec") or {}).get("default")
        if default == place.deployment and name_of(body) != place.deployment:
            raise NameTakenError(
                f"name is taken: Experiment {place.namespace}/{name_of(body)} divides the traffic"
                f" of {default} already; delete it, or rename the ModelDeployment"
            )


def _model(drawing: Drawing, revision: Revision) -> Manifest | None:
    uri = drawing.seen.uris.get(revision.name)
    if not uri:
        return None
    home = _home(drawing, revision)
    return Manifest(
        kind=SELDON_MODEL,
        name=revision.name,
        spec=_model_spec(drawing, revision, uri, home) | _as_placed(drawing, revision),
        annotations={
            REVISION_ANNOTATION: revision.name,
            STORAGE_ANNOTATION: uri,
            **({SERVER_ANNOTATION: home} if home == revision.name else {}),
        },
        epoch=drawing.routing.epoch,
    )


def _model_spec(drawing: Drawing, revision: Revision, uri: str, server: str) -> Plain:
    place = drawing.place
    known = {"deployment": place.deployment, "revision": revision.name, "digest": revision.digest}
    known["ledger"] = place.ledger
    return {
        "storageUri": uri,
        "requirements": revision.requirements or None,
        "memory": place.memory or None,
        "replicas": place.replicas,
        "server": server or None,
        "secretName": _secret(drawing, revision) or None,
        "parameters": [{"name": key, "value": value} for key, value in known.items() if value],
    }


def _as_placed(drawing: Drawing, revision: Revision) -> Plain:
    """While something is under way, a Model keeps the memory and the replicas that it has.

    Seldon loads a changed Model anew, and calls it not ready meanwhile.
    """
    present, routing = drawing.present.get(revision.name), drawing.routing
    if present is None or (routing.candidate is None and routing.previous is None):
        return {}
    spec = present.get("spec") or {}
    return {key: spec.get(key) for key in ("memory", "replicas")}


def _secret(drawing: Drawing, revision: Revision) -> str:
    present = drawing.present.get(revision.name)
    held = None if present is None else str((present.get("spec") or {}).get("secretName") or "")
    return secret_of(drawing.place, drawing.routing, revision, drawing.seen, held)


def _home(drawing: Drawing, revision: Revision) -> str:
    """The Server that a revision is bound to: chosen once, so that a promotion moves nothing."""
    present, backend = drawing.present.get(revision.name), drawing.place.backend
    if present is not None:
        alone = annotation(present, SERVER_ANNOTATION) == revision.name
    else:
        alone = backend.isolation is Isolation.SERVER and revision == drawing.routing.candidate
    return revision.name if alone else backend.server or ""


def _server(drawing: Drawing, model: Manifest) -> Manifest | None:
    """The Server of a revision that has one to itself."""
    if model.spec["server"] != model.name:
        return None
    return Manifest(
        kind=SELDON_SERVER,
        name=model.name,
        spec={
            "serverConfig": SERVER_CONFIG,
            "replicas": drawing.place.replicas,
            "capabilities": model.spec["requirements"],
        },
        annotations={REVISION_ANNOTATION: model.name},
        epoch=drawing.routing.epoch,
    )


def _entry(drawing: Drawing) -> Manifest | None:
    """The entry Model; nobody touches it while traffic moves."""
    stable, present = drawing.routing.stable, drawing.entry
    assert stable is not None
    if present is None:
        return _entry_with(drawing, stable)
    if traffic(drawing) != drawing.seen.listed:
        return None
    if drawing.carried == stable.name or _is_settled(drawing):
        return _entry_with(drawing, stable)
    return _entry_as_it_was(drawing, present)


def _is_settled(drawing: Drawing) -> bool:
    """No attempt, no bake, and stable answers everything: the entry Model may follow it."""
    routing = drawing.routing
    alone = routing.candidate is None and routing.previous is None
    return alone and drawing.seen.listed == drawing.seen.routes == routing.routes


def _entry_with(drawing: Drawing, revision: Revision) -> Manifest | None:
    place, uri = drawing.place, drawing.seen.uris.get(revision.name)
    if not uri:
        return None
    return Manifest(
        kind=SELDON_MODEL,
        name=place.deployment,
        spec=_model_spec(drawing, revision, uri, place.backend.server or ""),
        annotations={REVISION_ANNOTATION: revision.name, STORAGE_ANNOTATION: uri},
        epoch=drawing.routing.epoch,
    )


def _entry_as_it_was(drawing: Drawing, present: Object) -> Manifest:
    carried = (REVISION_ANNOTATION, STORAGE_ANNOTATION)
    return Manifest(
        kind=SELDON_MODEL,
        name=drawing.place.deployment,
        spec={"storageUri": _storage(present)},
        annotations={key: annotation(present, key) for key in carried},
        epoch=drawing.routing.epoch,
    )


def _experiment(drawing: Drawing) -> Manifest | None:
    entry, wanted = drawing.place.deployment, traffic(drawing)
    if drawing.entry is None and drawing.seen.listed is None and not drawing.seen.uris:
        return None
    weights = {entry: 0, **wanted.weights}
    mirrored = [name for name in wanted.mirror if name not in weights][:1]
    return Manifest(
        kind=SELDON_EXPERIMENT,
        name=entry,
        spec={
            "default": entry,
            "candidates": [{"name": name, "weight": share} for name, share in weights.items()],
            "mirror": {"name": mirrored[0], "percent": wanted.mirror[mirrored[0]]}
            if mirrored
            else None,
        },
        epoch=drawing.routing.epoch,
        fenced=True,
    )


def _by_name(objects: Objects) -> dict[str, Object]:
    models = objects.get(SELDON_MODEL, ())
    return {name_of(body): body for body in models if not is_leaving(body)}


def _storage(body: Object) -> str:
    return annotation(body, STORAGE_ANNOTATION)


def _is_rendered(body: Object) -> bool:
    """Whether the Model still carries what we put into it, and is still wanted."""
    carries = (body.get("spec") or {}).get("storageUri") == _storage(body)
    return carries and not annotation(body, UNUSED_ANNOTATION)


def _condition(body: Object) -> Mapping[str, str]:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == READY_CONDITION), {})
