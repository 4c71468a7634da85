"""All checks in their order; EXAMINATIONS is the whole list."""

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType

from sluice_operator.cluster.client import LoginError, login

from sluice_cli.doctor import (
    cluster,
    definition,
    kubeflow,
    ledger,
    mlflow,
    operator,
    prometheus,
    right,
    seldon,
    storage,
    version,
    workload,
)
from sluice_cli.doctor.finding import Finding, Group, Speaker, Verdict
from sluice_cli.doctor.reader import Reader
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.site import Site

EXAMINATIONS: Mapping[Group, Callable[[Site], Iterable[Finding]]] = MappingProxyType(
    {
        Group.CLUSTER: cluster.examine,
        Group.KINDS: definition.examine,
        Group.RELEASE: workload.examine,
        Group.VERSIONS: version.examine,
        Group.RIGHTS: right.examine,
        Group.STORAGE: storage.examine,
        Group.SELDON: seldon.examine,
        Group.PROMETHEUS: prometheus.examine,
        Group.LEDGER: ledger.examine,
        Group.MLFLOW: mlflow.examine,
        Group.KFP: kubeflow.examine,
        Group.OPERATOR: operator.examine,
    }
)


def diagnosed(remedy: Remedy, groups: Collection[Group] = ()) -> tuple[Finding, ...]:
    """What is found in these groups, or in all, of the installation that the commands are for."""
    try:
        reader = Reader(login(remedy.kubeconfig, remedy.context))
    except LoginError as missing:
        say = Speaker(Group.CLUSTER)
        return (say.failure("kubeconfig", str(missing), remedy.contexts()),)
    return diagnose(Site(reader, remedy), groups)


def diagnose(site: Site, groups: Collection[Group] = ()) -> tuple[Finding, ...]:
    """What is found in these groups, or in all; without an API server, none but that."""
    reached = cluster.judge_greeting(site.greeting, site.reader.host, site.remedy)
    asked = [group for group in EXAMINATIONS if not groups or group in groups]
    if reached.verdict is Verdict.FAILURE and not site.greeting.fine:
        others = (group for group in asked if group is not Group.CLUSTER)
        return (reached, *(_unmade(group, site) for group in others))
    return tuple(finding for group in asked for finding in EXAMINATIONS[group](site))


def _unmade(group: Group, site: Site) -> Finding:
    why = f"not made: {site.reader.host} gave no version"
    return Speaker(group).not_asked(f"all of {group}", why)
