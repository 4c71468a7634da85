"""Server-side apply for one field manager and lists that are replaced whole, as our kinds have it.

Fields are what apply can write: everything but status and the metadata that is the API server's.
`finalizers` is a set and `ownerReferences` a list keyed by uid; fields hold both as mappings, so
that the same functions serve them. What our manager owns are fields, too: those it applied.
"""

from typing import Any

Plain = dict[str, Any]
WRITABLE_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")


def merged(live: Plain, applied: Plain) -> Plain:
    """The live fields with the applied ones over them."""
    both = dict(live)
    for key, value in applied.items():
        before = both.get(key)
        if type(value) is dict and type(before) is dict:
            both[key] = merged(before, value)
        else:
            both[key] = value
    return both


def pruned(live: Plain, owned: Plain, applied: Plain) -> Plain:
    """The live fields without those that we own and do not apply any more.

    A mapping of ours that is left without fields goes as well.
    """
    kept = dict(live)
    for key, ours in owned.items():
        below, wanted = kept.get(key), applied.get(key)
        if type(below) is dict and type(ours) is dict:
            kept[key] = pruned(below, ours, wanted if type(wanted) is dict else {})
            if not kept[key] and key not in applied:
                del kept[key]
        elif key not in applied:
            kept.pop(key, None)
    return kept


def released(owned: Plain, before: Plain, after: Plain) -> Plain:
    """What stays ours after somebody else's write: the fields that it left alone."""
    ours: Plain = {}
    for key, value in owned.items():
        was, now = before.get(key), after.get(key)
        if was == now:
            ours[key] = value
        elif type(value) is dict and type(was) is dict and type(now) is dict:
            ours[key] = released(value, was, now)
    return ours


def fields_of(body: Plain) -> Plain:
    """The part of an object that apply writes."""
    fields = {key: value for key, value in body.items() if key not in {"metadata", "status"}}
    given = body["metadata"]
    metadata = {name: given[name] for name in WRITABLE_METADATA if given.get(name)}
    if "finalizers" in metadata:
        metadata["finalizers"] = dict.fromkeys(metadata["finalizers"], True)
    if "ownerReferences" in metadata:
        keyed = {reference["uid"]: reference for reference in metadata["ownerReferences"]}
        metadata["ownerReferences"] = keyed
    fields["metadata"] = metadata
    return fields


def body_of(fields: Plain, system: Plain) -> Plain:
    """The object made of these fields and the metadata that is the API server's."""
    metadata = system | fields["metadata"]
    if "finalizers" in metadata:
        metadata["finalizers"] = list(metadata["finalizers"])
    if "ownerReferences" in metadata:
        metadata["ownerReferences"] = list(metadata["ownerReferences"].values())
    return fields | {"metadata": metadata}


def without_empty_metadata(fields: Plain) -> Plain:
    """The same, where an empty set or mapping in metadata is none."""
    if all(fields["metadata"].values()):
        return fields
    filled = {name: value for name, value in fields["metadata"].items() if value}
    return fields | {"metadata": filled}
