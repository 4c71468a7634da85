"""Is there a place for data, and are the Secrets there that Pods are told to read?"""

from collections.abc import Iterable, Iterator
from typing import Any

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Plain, Unknown
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.site import Looked, Site, containers_of, path, template_of

SAY = Speaker(Group.STORAGE)
CLASSES = path("storage.k8s.io/v1", "storageclasses")
DEFAULT = "storageclass.kubernetes.io/is-default-class"


def examine(site: Site) -> Iterator[Finding]:
    """StorageClasses, claims, Secrets."""
    classes = site.reader.listed(CLASSES)
    claims = site.listed("v1", "persistentvolumeclaims", site.selector)
    yield judge_classes(classes, claims, site.remedy)
    yield from judge_claims(claims, classes, site.remedy)
    if isinstance(site.workloads, Unknown):
        yield SAY.unknown("secrets", site.workloads, site.remedy)
        return
    for name, key in sorted(secrets_of(site.workloads).items()):
        found = site.reader.one(f"{path('v1', 'secrets', site.namespace)}/{name}", metadata=True)
        yield judge_secret(name, key, found, site.remedy)


def judge_classes(classes: Looked, claims: Looked, remedy: Remedy) -> Finding:
    """Whether claims that name no class get one."""
    what = "storageclass"
    if isinstance(classes, Unknown):
        return SAY.unknown(what, classes, remedy)
    defaults = [one["metadata"]["name"] for one in classes if _is_default(one)]
    if defaults:
        return SAY.ok(f"{what} {defaults[0]}", "the default")
    lost = [] if isinstance(claims, Unknown) else [one for one in claims if is_lost(one)]
    if lost:
        names = ", ".join(one["metadata"]["name"] for one in lost)
        said = f"none is the default, and {names} names none; mark one, or set global.storageClass"
        return SAY.failure(what, said, remedy.get_wide("storageclass"))
    said = "none is the default; every claim has to name one"
    return SAY.warning(what, said, remedy.get_wide("storageclass"))


def is_lost(claim: Plain) -> bool:
    """Whether a claim waits for a class that it does not name."""
    return _phase(claim) == "Pending" and not claim["spec"].get("storageClassName")


def judge_claims(claims: Looked, classes: Looked, remedy: Remedy) -> Iterator[Finding]:
    """Whether each claim of the release has its volume."""
    if isinstance(claims, Unknown):
        yield SAY.unknown("persistentvolumeclaims", claims, remedy)
        return
    known = None if isinstance(classes, Unknown) else {one["metadata"]["name"] for one in classes}
    for claim in claims:
        name = claim["metadata"]["name"]
        what = f"persistentvolumeclaim {name}"
        if _phase(claim) == "Bound":
            yield SAY.ok(what, f"bound, {_size(claim)}")
        else:
            step = remedy.describe("persistentvolumeclaim", name)
            yield SAY.failure(what, f"{_phase(claim)}: {_why_unbound(claim, known)}", step)


def secrets_of(workloads: Iterable[Plain]) -> dict[str, str]:
    """The Secrets that Pods cannot start without, each with one of the keys they read."""
    found: dict[str, str] = {}
    for workload in workloads:
        for name, key in _needed(template_of(workload)):
            found.setdefault(name, key)
    return found


def judge_secret(name: str, key: str, found: Plain | Unknown | None, remedy: Remedy) -> Finding:
    """Whether a Secret is there; what it holds is not read."""
    what = f"secret {name}"
    if isinstance(found, Unknown):
        return SAY.unknown(what, found, remedy)
    if found is None:
        said = f"not there, and Pods of the release read its key {key!r}"
        return SAY.failure(what, said, remedy.secret(name, key))
    return SAY.ok(what, "there")


def _needed(pod: Plain) -> Iterator[tuple[str, str]]:
    for container in containers_of(pod):
        for variable in container.get("env") or ():
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference and not reference.get("optional"):
                yield reference["name"], reference["key"]
        for source in container.get("envFrom") or ():
            reference = source.get("secretRef")
            if reference and not reference.get("optional"):
                yield reference["name"], "KEY"
    for volume in pod.get("volumes") or ():
        parts = [volume, *(volume.get("projected") or {}).get("sources", ())]
        yield from (_mounted(part["secret"]) for part in parts if _must(part.get("secret")))


def _must(source: Any) -> bool:
    return bool(source) and not source.get("optional")


def _mounted(source: Plain) -> tuple[str, str]:
    items = source.get("items") or [{"key": "KEY"}]
    return source.get("secretName") or source["name"], items[0]["key"]


def _why_unbound(claim: Plain, known: set[str] | None) -> str:
    name = claim["spec"].get("storageClassName")
    if _phase(claim) == "Lost":
        return f"its volume {claim['spec'].get('volumeName', '')} is gone"
    if not name:
        return "it names no StorageClass, and none has been given to it"
    if known is not None and name not in known:
        return f"there is no StorageClass {name}"
    return f"StorageClass {name} has made no volume, or waits for a Pod that uses the claim"


def _phase(claim: Plain) -> str:
    return str((claim.get("status") or {}).get("phase", "Pending"))


def _size(claim: Plain) -> str:
    return str((claim["status"].get("capacity") or {}).get("storage", "size unknown"))


def _is_default(one: Plain) -> bool:
    return (one["metadata"].get("annotations") or {}).get(DEFAULT) == "true"
