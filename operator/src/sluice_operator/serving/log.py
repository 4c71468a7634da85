"""What a log file says about an ending."""

import re
from pathlib import Path

TAIL_BYTES = 16_384
LONGEST = 300
_ERROR = re.compile(
    r"^([A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt))\b.*|.*\b(error|critical)\b.*"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def reason_in(log: Path, start: int = 0) -> str:
    """The last line that names an error, else the last line; empty if there is none."""
    lines = [line for line in _tail(log, start).splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or [""])[-1].strip()[:LONGEST]


def _tail(log: Path, start: int) -> str:
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(start, size - TAIL_BYTES))
            return _COLOUR.sub("", file.read().decode(errors="replace"))
    except OSError as broken:
        return f"its log cannot be read: {broken}"
