"""One wanted object, and what it takes to make the present one like it. Pure.

Others write into our objects too: Seldon adds finalizers, defaults and canonical spellings. What we
do not own stays as it is; what we own is exactly as wanted, also where it should be absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from sluice_operator.api.v1alpha1 import API_VERSION, KIND
from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    EPOCH_ANNOTATION,
    MANAGED_BY,
    Kind,
    Object,
)
from sluice_operator.cluster.port import Plain
from sluice_operator.seldon.place import Place

OURS = "sluice.dev/"
"""Every annotation that begins so is ours: absent from the wanted object, it goes."""
STORAGE_ANNOTATION = "sluice.dev/storage-uri"
"""Where the model of the object lay when it was first asked for; never looked up again."""
REVISION_ANNOTATION = "sluice.dev/revision"
"""The revision whose package an object carries."""
UNUSED_ANNOTATION = "sluice.dev/unused-since"
"""Since when nothing wants or routes to the object; it goes a little later."""

_SUFFIXES: Mapping[str, Decimal] = MappingProxyType(
    {f"{letter}": Decimal(1000) ** power for power, letter in enumerate(("", "k", "M", "G", "T"))}
    | {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGT", start=1)}
    | {"m": Decimal("0.001")}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One object as it should be; None in the spec stands for an absent field."""

    kind: Kind
    name: str
    spec: Plain
    annotations: Mapping[str, str] = field(default_factory=dict)
    epoch: int
    fenced: bool = False
    """Whether a newer picture rewrites the object even where nothing else in it changes."""


def fresh(manifest: Manifest, place: Place) -> Plain:
    """The object to create."""
    return {
        "apiVersion": manifest.kind.api_version,
        "kind": manifest.kind.kind,
        "metadata": {
            "namespace": place.namespace,
            "name": manifest.name,
            **_ours(manifest, place),
        },
        "spec": merged({}, manifest.spec),
    }


def changed(present: Object, manifest: Manifest, place: Place) -> Plain | None:
    """The present object made as wanted; None if it already is."""
    metadata, ours = present["metadata"], _ours(manifest, place)
    annotations = _annotations(metadata.get("annotations") or {}, manifest)
    after = {
        **metadata,
        **ours,
        "labels": {**(metadata.get("labels") or {}), **ours["labels"]},
        "annotations": annotations,
    }
    spec = merged(present.get("spec") or {}, manifest.spec)
    stale = manifest.fenced and epoch_of(present) != manifest.epoch
    if not stale and spec == present.get("spec") and _says(metadata, after):
        return None
    annotations[EPOCH_ANNOTATION] = str(manifest.epoch)
    return {**present, "metadata": after, "spec": spec}


def epoch_of(body: Object) -> int:
    """Number of the picture that the object was written for; -1 if none is known."""
    text = annotation(body, EPOCH_ANNOTATION)
    return int(text) if text.isdecimal() else -1


def owner_of(body: Object) -> str:
    """Uid of the object that it was made for; empty if it has no owner."""
    owners = body["metadata"].get("ownerReferences") or ()
    return next((str(owner["uid"]) for owner in owners), "")


def annotation(body: Object, key: str) -> str:
    """The annotation, empty if there is none."""
    return str((body["metadata"].get("annotations") or {}).get(key, ""))


def is_ours(body: Object, deployment: str) -> bool:
    """Whether Sluice made the object for this deployment."""
    labels = body["metadata"].get("labels") or {}
    managed = all(labels.get(key) == value for key, value in MANAGED_BY.items())
    return managed and labels.get(DEPLOYMENT_LABEL) == deployment


def is_leaving(body: Object) -> bool:
    """Whether the object was deleted and waits for its finalizers."""
    return bool(body["metadata"].get("deletionTimestamp"))


def merged(present: Any, wanted: Any) -> Any:
    """The present value with the wanted one written over it."""
    if isinstance(wanted, Mapping):
        return _merged_fields(present if isinstance(present, Mapping) else {}, wanted)
    if _are_mappings(wanted):
        return _merged_items(present if _are_mappings(present) else [], wanted)
    return list(wanted) if isinstance(wanted, tuple) else wanted


def _merged_fields(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> Plain:
    after = dict(present)
    for key, value in wanted.items():
        if value is None:  # what says nothing (0, false, "") is as good as absent
            if after.get(key):
                del after[key]
        elif not (key == "memory" and _same_quantity(after.get(key), value)):
            after[key] = merged(after.get(key), value)
    return after


def _same_quantity(present: Any, wanted: Any) -> bool:
    """Whether two spellings mean one amount: Seldon writes 0.5Gi back as 512Mi."""
    try:
        return present is not None and _amount(str(present)) == _amount(str(wanted))
    except (InvalidOperation, KeyError):
        return False


def _amount(text: str) -> Decimal:
    number = text.rstrip("kKMGTim")
    return Decimal(number) * _SUFFIXES[text[len(number) :]]


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value)


def _merged_items(present: Sequence[Plain], wanted: Sequence[Plain]) -> list[Plain]:
    """Items are the same if they have the same name, or the same place where none has a name."""
    known = {one.get("name", place): one for place, one in enumerate(present)}
    return [merged(known.get(one.get("name", place), {}), one) for place, one in enumerate(wanted)]


def _ours(manifest: Manifest, place: Place) -> Plain:
    owner = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": place.deployment,
        "uid": place.owner_uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
    annotations = {**manifest.annotations, EPOCH_ANNOTATION: str(manifest.epoch)}
    return {
        "labels": {**MANAGED_BY, DEPLOYMENT_LABEL: place.deployment},
        "annotations": annotations,
        **({"ownerReferences": [owner]} if place.owner_uid else {}),
    }


def _annotations(present: Mapping[str, str], manifest: Manifest) -> dict[str, str]:
    """Those of others, and ours as wanted; the epoch stays until something is written."""
    kept = {
        key: value
        for key, value in present.items()
        if key == EPOCH_ANNOTATION or not key.startswith(OURS)
    }
    return kept | dict(manifest.annotations)


def _says(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether metadata already say what they should."""
    empty: Mapping[str, Any] = MappingProxyType({})
    return all(
        (before.get(key) or empty) == (after.get(key) or empty)
        for key in ("labels", "annotations", "ownerReferences")
    )
