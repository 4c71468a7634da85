"""Times to train at, as Kubeflow reads them: six fields, the first of which are seconds."""

import re
from typing import Final

from sluice_components.errors import ProjectError

_FIELD: Final = re.compile(r"(\*|\?|[A-Za-z0-9,-]+|\*)(/\d+)?")
_CLASSIC, _KUBEFLOW = 5, 6


def kubeflow_cron(text: str) -> str:
    """The six fields of a cron expression with five, as crontab has them, or six.

    Raises:
        ProjectError: It is neither.
    """
    fields = text.split()
    wrong = next((field for field in fields if _FIELD.fullmatch(field) is None), None)
    if len(fields) not in {_CLASSIC, _KUBEFLOW} or wrong is not None:
        about = f"{wrong!r} in {text!r}" if wrong else repr(text)
        raise ProjectError(
            f"{about}: not a time; write minute, hour, day, month and weekday, as '30 4 * * 1'"
        )
    return " ".join(["0", *fields] if len(fields) == _CLASSIC else fields)
