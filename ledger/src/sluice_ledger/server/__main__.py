"""`python -m sluice_ledger.server`: the service; `… token NAME SCOPE…`: a new token."""

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial

import uvicorn

from sluice_ledger.errors import LedgerError
from sluice_ledger.postgres.store import PostgresLedger, check_url
from sluice_ledger.server.app import Service, make_app
from sluice_ledger.server.commit import Committer
from sluice_ledger.server.door import Calendar, Door
from sluice_ledger.server.metric import Metrics
from sluice_ledger.server.settings import Settings, settings_of
from sluice_ledger.server.token import Keyring, Scope, digest_of, fresh_token
from sluice_ledger.server.tray import Tray


def main() -> int:
    """Run until asked to end; 1 when the settings do not allow that."""
    given = _arguments()
    if given.command == "token":
        return _print_token(given.name, given.scopes)
    try:
        settings = settings_of(os.environ)
        logging.basicConfig(
            level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        service = service_of(settings)
    except LedgerError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    # uvicorn raises the signal again when it has ended in order: that is no failure
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        make_app(service),
        host=settings.bind,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=settings.grace_seconds,
    )
    return 0


def service_of(settings: Settings, clock: Callable[[], float] = time.time) -> Service:
    """The parts, wired; nothing runs yet.

    Args:
        settings: What people have set.
        clock: Seconds since the epoch, by which arrivals are put into ticks.

    Raises:
        LedgerError: The URL of the database or the file of tokens is wrong.
    """
    url = settings.database.get_secret_value()
    check_url(url)
    metrics = Metrics()
    door = Door(partial(PostgresLedger, url, clock=clock))
    return Service(
        door=door,
        committer=Committer(door.ledger, settings.commit_records, metrics),
        calendar=Calendar(door, settings.retention_days, metrics),
        keyring=Keyring(settings.tokens_file),
        tray=Tray(settings.waiting_bytes, metrics),
        metrics=metrics,
        body_bytes=settings.body_bytes,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sluice_ledger.server", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    token = commands.add_parser("token", help="print a new token, and its entry for the file")
    token.add_argument("name", help="who will hold it")
    token.add_argument("scopes", nargs="+", choices=[str(scope) for scope in Scope])
    return parser.parse_args()


def _print_token(name: str, scopes: list[str]) -> int:
    """The token on the first line, to be given away; its entry on the second, to be kept."""
    token = fresh_token()
    entry = {"name": name, "sha256": digest_of(token), "scopes": scopes}
    sys.stdout.write(f"{token}\n{json.dumps(entry)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
