"""Column names that the stages keep for themselves; no schema may use them."""

from typing import Final

REASONS: Final = "reasons"
"""Column of the quarantine that says why a row is there."""
UNREADABLE: Final = "unreadable:"
"""Prefix of the columns in which ingest keeps the text of cells that are not of their type."""
