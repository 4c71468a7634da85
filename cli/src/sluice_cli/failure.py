"""Failures with a known cause: what people are told in place of a traceback."""

from rich.markup import escape
from sluice_components.errors import ComponentError
from sluice_ledger.errors import LedgerError
from sluice_operator.errors import SluiceError
from sluice_package.error import PackageError
from sluice_pipelines.failure import PipelineError

KNOWN_FAILURES = (
    SluiceError,
    ComponentError,
    PipelineError,
    LedgerError,
    PackageError,
    OSError,
)
"""Each unit's root of errors, and what the operating system refuses."""


def words_of(failure: BaseException) -> str:
    """The message for the terminal."""
    return escape(str(failure))
