"""A partition per table and day: made ahead, dropped whole when its time is over."""

import re
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, column, delete, table, text

DAYS_AHEAD = 3
PARTITIONED = (
    *("prediction", "label", "event", "subject", "paired", "arm", "kpi"),
    *("cohort", "labelled", "worth", "said", "agreed"),
)
BY_ROW = ("waiting", "conflict", "erased", "class")
_NAME = re.compile(r"(?P<table>[a-z]+)_(?P<day>\d{8})")
_PARTITIONS = """
SELECT child.relname FROM pg_inherits
JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = to_regclass(:table)
"""


def make_days(connection: Connection, today: date) -> None:
    """Make the partitions of today and some days more, where they are not there."""
    wanted = [today + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1)]
    for parent in PARTITIONED:
        there = days(connection, parent)
        for day in wanted:
            if day not in there:
                _make(connection, parent, day)


def drop_days(connection: Connection, before: date) -> tuple[date, ...]:
    """Drop every day before that one, and return them; rows are not touched one by one."""
    dropped = set()
    for parent in PARTITIONED:
        for day in days(connection, parent):
            if day < before:
                connection.execute(text(f"DROP TABLE {_name(parent, day)}"))
                dropped.add(day)
    for name in BY_ROW:
        rows = table(name, column("day"))
        connection.execute(delete(rows).where(rows.c.day < before))
    return tuple(sorted(dropped))


def days(connection: Connection, parent: str) -> set[date]:
    """The days for which a table has a partition."""
    names = connection.execute(text(_PARTITIONS), {"table": parent}).scalars()
    found = (_NAME.fullmatch(name) for name in names)
    return {_day(match["day"]) for match in found if match}


def _make(connection: Connection, parent: str, day: date) -> None:
    after = day + timedelta(days=1)
    connection.execute(
        text(
            f"CREATE TABLE {_name(parent, day)} PARTITION OF {parent}"
            f" FOR VALUES FROM ('{day}') TO ('{after}')"
        )
    )


def _name(parent: str, day: date) -> str:
    return f"{parent}_{day:%Y%m%d}"


def _day(digits: str) -> date:
    return datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
