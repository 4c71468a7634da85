"""Are our kinds there, as this version of Sluice describes them, and those of Seldon?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sluice_operator.api.crd import RESOURCES, VERSION, definition_of
from sluice_operator.cluster.kind import (
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
)

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Plain, Unknown
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.site import Site, path

SAY = Speaker(Group.KINDS)
COLLECTION = path("apiextensions.k8s.io/v1", "customresourcedefinitions")
SELDON_2 = tuple(
    f"{kind.plural}.{kind.group}" for kind in (SELDON_MODEL, SELDON_EXPERIMENT, SELDON_SERVER)
)
SELDON_1 = f"{SELDON_DEPLOYMENT.plural}.{SELDON_DEPLOYMENT.group}"
HELM_RELEASE = "meta.helm.sh/release-name"
HELM_NAMESPACE = "meta.helm.sh/release-namespace"
WORDS = re.compile(rf"(?<!\.properties)\.description$|^{VERSION}\.additionalPrinterColumns")
"""Places of what people read and no object depends on; a field may be called like one."""
SHOWN = 60
"""Characters of a value that differs."""
Seen = Plain | Unknown | None


def examine(site: Site) -> Iterator[Finding]:
    """Our definitions, then Seldon's."""
    for resource in RESOURCES:
        wanted = definition_of(resource)
        name = wanted["metadata"]["name"]
        yield judge_ours(wanted, _seen(site, name), site)
    seldon = {name: _seen(site, name) for name in (*SELDON_2, SELDON_1)}
    yield from judge_seldon(seldon, site.remedy)


def judge_ours(wanted: Plain, seen: Seen, site: Site) -> Finding:
    """Whether a definition is served, stored, and what this version says."""
    name = wanted["metadata"]["name"]
    what = f"customresourcedefinition {name}"
    if isinstance(seen, Unknown):
        return SAY.unknown(what, seen, site.remedy)
    if seen is None:
        return SAY.failure(what, "not installed", site.anew)
    if trouble := why_unserved(seen):
        step = site.remedy.describe_wide("customresourcedefinition", name)
        return SAY.failure(what, trouble, step)
    return judge_version(what, _version(wanted), _version(seen), renewal(seen, site))


def judge_version(what: str, wanted: Plain, seen: Plain, step: str) -> Finding:
    """Whether a definition says what this version of Sluice says; the first difference, if not."""
    found = list(differences(wanted, seen, VERSION))
    matter = [place for place in found if not _is_words(place)]
    if matter:
        said = f"of another version of Sluice; first difference at {matter[0]}"
        return SAY.failure(what, said, step)
    if found:
        said = f"of another version of Sluice, in words alone; first difference at {found[0]}"
        return SAY.warning(what, said, step)
    return SAY.ok(what, f"{VERSION} served and stored, as this version has it")


def renewal(seen: Plain, site: Site) -> str:
    """The command that brings a definition up to date: by the release that made it, if one did."""
    annotations = seen["metadata"].get("annotations") or {}
    if HELM_RELEASE not in annotations:
        return site.remedy.apply_kinds()
    owner = replace(
        site.remedy,
        release=annotations[HELM_RELEASE],
        namespace=annotations.get(HELM_NAMESPACE, site.namespace),
    )
    return owner.upgrade(site.chart)


def why_unserved(seen: Plain) -> str:
    """Why a definition that is there is of no use; empty if it is."""
    states = {c["type"]: c for c in seen.get("status", {}).get("conditions") or ()}
    for name in ("NamesAccepted", "Established"):
        state = states.get(name, {})
        if state.get("status") != "True":
            return (
                f"{name} is {state.get('status', 'unknown')}: {state.get('message', 'no reason')}"
            )
    version = _version(seen)
    if not version.get("served") or not version.get("storage"):
        return f"{VERSION} is not the version that is served and stored"
    return ""


def differences(wanted: Any, seen: Any, place: str) -> Iterator[str]:
    """Where two values differ, and how, in the order of what is wanted."""
    if isinstance(wanted, Mapping) and isinstance(seen, Mapping):
        for key in (*wanted, *(key for key in seen if key not in wanted)):
            inner = f"{place}.{key}"
            if key not in seen:
                yield f"{inner}: missing in the cluster"
            elif key not in wanted:
                yield f"{inner}: only in the cluster"
            else:
                yield from differences(wanted[key], seen[key], inner)
    elif isinstance(wanted, list) and isinstance(seen, list) and len(wanted) == len(seen):
        for number, (mine, theirs) in enumerate(zip(wanted, seen, strict=True)):
            yield from differences(mine, theirs, f"{place}[{number}]")
    elif wanted != seen:
        yield f"{place}: {_short(seen)} in the cluster, {_short(wanted)} here"


def judge_seldon(seen: Mapping[str, Seen], remedy: Remedy) -> Iterator[Finding]:
    """One generation of Seldon Core must be there, whole."""
    unknown = next((one for one in seen.values() if isinstance(one, Unknown)), None)
    if unknown is not None:
        yield SAY.unknown("Seldon's kinds", unknown, remedy)
        return
    missing = [name for name in SELDON_2 if seen[name] is None]
    if len(missing) < len(SELDON_2):
        yield from (_missing(name, remedy) for name in missing)
    elif seen[SELDON_1] is None:
        yield _missing(SELDON_2[0], remedy, "neither Seldon Core 2 nor 1 is installed")
    else:
        yield SAY.not_installed("Seldon Core 2", "Seldon Core 1 is")
    for name in (*SELDON_2, SELDON_1):
        if seen[name] is not None:
            yield SAY.ok(f"customresourcedefinition {name}", "there")


def _missing(name: str, remedy: Remedy, said: str = "not installed") -> Finding:
    step = remedy.install_seldon("seldon-core-v2-crds")
    return SAY.failure(f"customresourcedefinition {name}", said, step)


def _seen(site: Site, name: str) -> Seen:
    return site.reader.one(f"{COLLECTION}/{name}")


def _version(definition: Plain) -> Plain:
    versions: list[Plain] = definition["spec"]["versions"]
    return next((version for version in versions if version["name"] == VERSION), {})


def _is_words(place: str) -> bool:
    return WORDS.search(place.partition(":")[0]) is not None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
