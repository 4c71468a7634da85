"""Does the ledger answer, and can it reach its database?"""

from collections.abc import Iterator

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.service import Absence, Server, absent, found_by, healthy
from sluice_cli.doctor.site import Site

SAY = Speaker(Group.LEDGER)


def examine(site: Site) -> Iterator[Finding]:
    """Its process, then its database."""
    address = found_by(site, "ledger", "ledger")
    if isinstance(address, Absence):
        yield absent(SAY, "ledger", address)
        return
    yield from healthy(Server(say=SAY, site=site, address=address), "/healthz", "/readyz")
