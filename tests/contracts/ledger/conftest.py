"""The forms of the ledger that must keep the contract; add a maker to add a form."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import FullLedger, LedgerWorld, postgres_world, service_world, sqlite_world

MAKERS = {"sqlite": sqlite_world, "postgres": postgres_world, "service": service_world}


@pytest.fixture(params=MAKERS, ids=MAKERS.keys())
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LedgerWorld]:
    with MAKERS[request.param](tmp_path) as made:
        yield made


@pytest.fixture
def ledger(world: LedgerWorld) -> Iterator[FullLedger]:
    opened = world.open()
    yield opened
    opened.close()
