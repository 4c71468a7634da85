"""Reading a large dump of routes piece by piece. Pure.

A thousand deployments make some 25 MB of JSON. Read at once it would hold up every other thread for
a second and take ten times its size in memory; read route by route it does neither.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from sluice_operator.seldon.route_rule import Rule, rule_of

_ROUTES = re.compile(r'(?<!\\)"routes"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


def scanned(text: str) -> Iterator[tuple[str, list[Rule]]]:
    """Each route table by name, with its rules.

    Raises:
        ValueError: Not JSON.
        KeyError: Not a dump of route tables; likewise AttributeError and TypeError.
        RouterError: A route that takes the requests of nobody can say whom.
    """
    skeleton, lists = _split(text)
    found = iter(lists)
    for config in json.loads(skeleton).get("configs") or ():
        table = config["route_config"]
        hosts = table.get("virtual_hosts") or ()
        yield table["name"], [rule for host in hosts if "routes" in host for rule in next(found)]


def _split(text: str) -> tuple[str, list[list[Rule]]]:
    """The dump with empty lists of routes, and what was in them, in order."""
    kept: list[str] = []
    lists: list[list[Rule]] = []
    done = 0
    while found := _ROUTES.search(text, done):
        kept.append(text[done : found.end()])
        rules, done = _rules(text, found.end())
        lists.append(rules)
    kept.append(text[done:])
    return "".join(kept), lists


def _rules(text: str, at: int) -> tuple[list[Rule], int]:
    """The items of a list, and where it ends."""
    rules: list[Rule] = []
    at = _after_gap(text, at)
    while not text.startswith("]", at):
        route, at = _decoded(text, at)
        rules.append(rule_of(route))
        at = _after_gap(text, at)
    return rules, at


def _decoded(text: str, at: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, at)


def _after_gap(text: str, at: int) -> int:
    gap = _BETWEEN.match(text, at)
    return gap.end() if gap else at
