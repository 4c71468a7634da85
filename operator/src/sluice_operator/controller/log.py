"""Log lines: JSON for machines, text for people."""

import json
import logging
import sys
from datetime import UTC, datetime

from typing_extensions import override

FACTS = ("namespace", "deployment")
"""Fields of a line that is about one ModelDeployment."""


def about(key: tuple[str, str]) -> dict[str, str]:
    """For `extra`: which ModelDeployment a line is about, so that machines need not read it."""
    return dict(zip(FACTS, key, strict=True))


class JsonFormatter(logging.Formatter):
    """One JSON object a line; an exception is part of it."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: vars(record)[name] for name in FACTS if name in vars(record)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure_logging(form: str, level: str) -> None:
    """Everything to standard error; kopf says what is wrong, and no more."""
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if form == "json" else text)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("kopf", "httpx", "httpcore", "urllib3", "aiohttp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
