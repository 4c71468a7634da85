"""RolloutRuns of a cluster, read with the rights of whoever asks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sluice_operator.cluster.client import KubernetesCluster, login, namespace_of_login
from sluice_operator.cluster.kind import DEPLOYMENT_LABEL, ROLLOUT_RUN, Object
from sluice_operator.errors import ForbiddenError, SpecError, UnavailableError


def runs_of(kubeconfig: Path | None, context: str, namespace: str, name: str) -> list[Object]:
    """Every RolloutRun of a deployment, pages included.

    Args:
        kubeconfig: None for kubectl's own.
        context: Of the kubeconfig; empty for the current one.
        namespace: Empty for that of the context.
        name: Of the ModelDeployment.

    Raises:
        SpecError: The deployment has none there.
        ClusterError: They cannot be read; the message says what to look at.
    """
    cluster = KubernetesCluster(login(kubeconfig, context), user_agent="sluice")
    space = namespace or namespace_of_login(kubeconfig, context)
    with _told(space):
        found = list(cluster.list(ROLLOUT_RUN, space, selector=f"{DEPLOYMENT_LABEL}={name}"))
        if not found:
            raise SpecError(_unknown(name, space, cluster.list(ROLLOUT_RUN, space)))
    return found


def _unknown(name: str, namespace: str, runs: Sequence[Object]) -> str:
    """What there is in place of the deployment that was named."""
    known = ", ".join(sorted({run["spec"]["deployment"] for run in runs}))
    there = f"there are records of {known}" if known else "there is no record at all"
    way_out = "`kubectl get rrun --all-namespaces` lists those of all namespaces"
    return f"{name}: no RolloutRun in namespace {namespace}; {there}; {way_out}"


@contextmanager
def _told(namespace: str) -> Iterator[None]:
    """What a person can do, who is not the operator."""
    try:
        yield
    except UnavailableError as away:
        raise UnavailableError(
            f"{away}; see whether `kubectl get rrun --namespace {namespace}` gets an answer, or"
            " name another cluster with --kubeconfig or --context"
        ) from away
    except ForbiddenError as refused:
        raise ForbiddenError(
            f"{refused}; ask for the right to list rolloutruns.sluice.dev in namespace"
            f" {namespace}, or name a login that has it with --kubeconfig or --context"
        ) from refused
