"""The operator's own roles."""

from sluice_operator.cluster.permission import cluster_role, lease_role

from tools.page.mark import marked_yaml

SOURCE = "operator/src/sluice_operator/cluster/permission.py"


def roles() -> str:
    """What the operator may do everywhere, and in its own namespace."""
    return marked_yaml([cluster_role(), lease_role()], source=SOURCE)
