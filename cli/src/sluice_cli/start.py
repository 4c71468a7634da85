"""The entry point: Ctrl-C ends the command quietly even while its modules are still being read."""

import sys


def main() -> None:
    """Run `sluice`."""
    try:
        from sluice_cli.main import main as run  # noqa: PLC0415 - reading it takes a second
    except KeyboardInterrupt:
        sys.exit(130)
    run()
