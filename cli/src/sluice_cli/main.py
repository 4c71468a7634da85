"""`sluice`: the command, assembled; each group of verbs has a module of its own."""

import sys

import typer
from rich.console import Console

from sluice_cli import demo, doctor, ledger, local, package, pipeline, project, rehearse, rollout
from sluice_cli.failure import KNOWN_FAILURES, words_of

app = typer.Typer(
    name="sluice",
    help="Take a model from raw data to the share of live traffic that it has earned.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
project.register(app)
local.register(app)
app.add_typer(rollout.app, name="rollout")
app.add_typer(pipeline.app, name="pipeline")
app.add_typer(package.app, name="package")
app.add_typer(ledger.app, name="ledger")
rehearse.register(app)
doctor.register(app)
demo.register(app)


def main() -> None:
    """Run the command; a failure with a known cause is told without a traceback."""
    try:
        app()
    except KNOWN_FAILURES as failure:
        message = f"[bold red]sluice:[/] {words_of(failure)}"
        Console(stderr=True, highlight=False).print(message, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
