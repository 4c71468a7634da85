"""Do the workloads of the release run, and if not, what keeps their Pods?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Plain, Unknown
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.site import INSTANCE, PART_OF, Looked, Site, path

SAY = Speaker(Group.RELEASE)
IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
)
MANY_RESTARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a Pod is not ready."""

    pod: str
    said: str
    container: str = ""
    crashed: bool = False
    """Whether the end of the log of its last attempt says more."""


def examine(site: Site) -> Iterator[Finding]:
    """Each workload, by its Pods where it is not ready."""
    if isinstance(site.workloads, Unknown):
        yield SAY.unknown(f"release {site.release}", site.workloads, site.remedy)
        return
    if not site.workloads:
        yield judge_absence(_others(site), site)
        return
    yield from judge_helm(_helm_states(site), site.release, site.remedy)
    pods = [] if isinstance(site.pods, Unknown) else site.pods
    for workload in site.workloads:
        yield from judge(workload, pods, site)


def judge_absence(others: Looked, site: Site) -> Finding:
    """The release is not there; perhaps under another name."""
    what = f"release {site.release}"
    if not isinstance(others, Unknown) and others:
        names = sorted({one["metadata"]["labels"][INSTANCE] for one in others})
        said = f"not in namespace {site.namespace}, but {', '.join(names)} is: give --release"
        return SAY.failure(what, said, site.remedy.releases())
    return SAY.failure(what, f"nothing of it in namespace {site.namespace}", site.remedy.install())


def judge_helm(states: Looked, release: str, remedy: Remedy) -> Iterator[Finding]:
    """Whether helm came to an end with the newest revision."""
    if isinstance(states, Unknown) or not states:
        return  # another tool installed it, or the reader may not see Secrets
    newest = max(states, key=lambda one: int(one["metadata"]["labels"].get("version", 0)))
    status = newest["metadata"]["labels"].get("status", "")
    what = f"release {release}"
    if status == "deployed":
        yield SAY.ok(what, f"revision {newest['metadata']['labels'].get('version')} deployed")
    else:
        yield SAY.failure(what, f"helm left it as {status!r}", remedy.history())


def judge(workload: Plain, pods: Iterable[Plain], site: Site) -> Iterator[Finding]:
    """One workload: a finding for it, or one for each Pod that is in trouble."""
    kind, name = workload["kind"].lower(), workload["metadata"]["name"]
    what, counts = f"{kind} {name}", count_of(workload)
    if counts.done:
        yield SAY.ok(what, counts.said)
        return
    troubles = [trouble for pod in mine(workload, pods) for trouble in [trouble_of(pod)] if trouble]
    for trouble in troubles:
        yield _told(trouble, f"{what}: {counts.said}", site)
    if not troubles:
        said = f"{counts.said}{_refusal(workload)}"
        yield SAY.failure(what, said, site.remedy.describe(kind, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How far a workload is."""

    done: bool
    said: str


def count_of(workload: Plain) -> Count:
    """How many of its Pods are ready, or have ended well."""
    status, spec = workload.get("status") or {}, workload["spec"]
    if workload["kind"] == "Job":
        wanted, there = spec.get("completions") or 1, status.get("succeeded") or 0
        return Count(done=there >= wanted, said=f"{there} of {wanted} ended well")
    wanted = 1 if spec.get("replicas") is None else spec["replicas"]
    there, new = status.get("readyReplicas") or 0, status.get("updatedReplicas") or 0
    seen = workload["metadata"].get("generation", 0) <= status.get("observedGeneration", 0)
    said = f"{there} of {wanted} ready"
    if not seen:
        said += ", and its last change is not carried out"
    elif new < wanted:
        said += f", {new} of them as it was changed last"
    return Count(done=seen and min(there, new) >= wanted, said=said)


def mine(workload: Plain, pods: Iterable[Plain]) -> Iterator[Plain]:
    """The Pods that a workload's selector matches."""
    wanted = workload["spec"].get("selector", {}).get("matchLabels") or {}
    for pod in pods:
        labels = pod["metadata"].get("labels") or {}
        if wanted and wanted.items() <= labels.items():
            yield pod


def trouble_of(pod: Plain) -> Trouble | None:
    """What keeps a Pod from being ready; None if nothing does."""
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    states = [
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ]
    for state in states:
        if trouble := _container_trouble(name, state):
            return trouble
    conditions = {one["type"]: one for one in status.get("conditions") or ()}
    placed = conditions.get("PodScheduled", {})
    if placed.get("status") == "False":
        return Trouble(pod=name, said=f"no node takes it: {placed.get('message', 'no reason')}")
    unready = [state["name"] for state in states if _is_unready(state)]
    if unready:
        return Trouble(pod=name, said=f"{unready[0]} runs and is not ready", container=unready[0])
    if status.get("phase") == "Failed":
        return Trouble(pod=name, said=status.get("message") or status.get("reason") or "failed")
    return None


def _container_trouble(pod: str, state: Plain) -> Trouble | None:
    name, waiting = state["name"], (state.get("state") or {}).get("waiting") or {}
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    if reason in IMAGE_REASONS:
        said = f"{name}: image {state.get('image', '?')} cannot be had: {message or reason}"
        return Trouble(pod=pod, said=said)
    ended = _ended(state)
    if ended and (reason == "CrashLoopBackOff" or state.get("restartCount", 0) >= MANY_RESTARTS):
        why = ended.get("reason") or "Error"
        said = f"{name} ended with {why} (exit code {ended.get('exitCode')})"
        count = state.get("restartCount", 0)
        return Trouble(
            pod=pod, said=f"{said}, restarted {count} times", container=name, crashed=True
        )
    if reason and reason not in {"ContainerCreating", "PodInitializing", "CrashLoopBackOff"}:
        return Trouble(pod=pod, said=f"{name}: {reason}: {message}")
    if reason == "ContainerCreating":
        return Trouble(pod=pod, said=f"{name} is still being created")
    return None


def _ended(state: Plain) -> Plain:
    """How its last attempt ended; empty if none has."""
    for when in ("state", "lastState"):
        if ended := (state.get(when) or {}).get("terminated"):
            return dict(ended)
    return {}


def _is_unready(state: Plain) -> bool:
    return "running" in (state.get("state") or {}) and not state.get("ready")


def _told(trouble: Trouble, about: str, site: Site) -> Finding:
    said, step = trouble.said, site.remedy.describe("pod", trouble.pod)
    if trouble.container:
        step = site.remedy.logs(trouble.pod, trouble.container, previous=trouble.crashed)
    if trouble.crashed and (words := _last_words(trouble, site)):
        said = f"{said}: {words}"
    return SAY.failure(f"pod {trouble.pod}", f"{said} ({about})", step)


def _last_words(trouble: Trouble, site: Site) -> str:
    """The last line that a crashed container wrote; empty if it cannot be had."""
    log = f"{path('v1', 'pods', site.namespace)}/{trouble.pod}/log"
    query = {"container": trouble.container, "previous": "true", "tailLines": "5"}
    answer = site.reader.ask(log, query)
    lines = answer.body.decode(errors="replace").splitlines() if answer.fine else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _refusal(workload: Plain) -> str:
    """Why it has no Pods, where its controller says so."""
    for condition in (workload.get("status") or {}).get("conditions") or ():
        if condition["type"] in {"ReplicaFailure", "Failed"} and condition["status"] == "True":
            return f": {condition.get('message') or condition.get('reason')}"
    return ""


def _others(site: Site) -> Looked:
    found: list[Plain] = []
    for kind in ("deployments", "statefulsets"):
        listed = site.listed("apps/v1", kind, f"{PART_OF}=sluice,{INSTANCE}")
        if isinstance(listed, Unknown):
            return listed
        found += listed
    return found


def _helm_states(site: Site) -> Looked:
    selector = f"owner=helm,name={site.release}"
    return site.reader.listed(path("v1", "secrets", site.namespace), selector, metadata=True)
