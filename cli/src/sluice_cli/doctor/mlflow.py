"""Does MLflow answer?"""

from collections.abc import Iterator

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.service import Absence, Server, absent, found_by, healthy
from sluice_cli.doctor.site import Site

SAY = Speaker(Group.MLFLOW)


def examine(site: Site) -> Iterator[Finding]:
    """Its server."""
    address = found_by(site, "mlflow_url", "mlflow")
    if isinstance(address, Absence):
        yield absent(SAY, "mlflow", address)
        return
    yield from healthy(Server(say=SAY, site=site, address=address), "/health")
