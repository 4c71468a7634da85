"""The rules of the rollout and of admission, in the order in which they are asked."""

import ast
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from sluice_operator.api.rule import FAMILY_ALPHA
from sluice_operator.api.rule import RULES as ADMISSION
from sluice_operator.rollout.decide import RULES

from tools.page.code import UNSPOKEN, first_line, text_of
from tools.page.mark import marked_page

PAGE = """\
# Rules

## The rollout
`decide` asks these rules from top to bottom at every look; the first that has an answer decides.
A rule without an answer says nothing, so what stands higher always wins: a candidate that is
proven harmful goes before anybody's wish is heard.

{rollout}

## Admission
A ModelDeployment that breaks one of these rules is refused before anything happens, with every
broken rule in one answer. Names in braces are filled in; `…` is something longer. The alphas of
all guardrails may sum to {alpha:g}.

{admission}
"""


def page() -> str:
    """Both lists."""
    rollout = "\n".join(
        f"{number}. **`{rule.__name__}`**: {first_line(rule)}"
        for number, rule in enumerate(RULES, start=1)
    )
    admission = "\n".join(line for rule in ADMISSION for line in _lines(rule))
    return marked_page(
        PAGE.format(rollout=rollout, admission=admission, alpha=FAMILY_ALPHA),
        source="operator/src/sluice_operator/{rollout,api}/",
    )


def _lines(rule: Callable[..., Any]) -> Iterator[str]:
    """The rule, and each of its messages."""
    yield f"- **{rule.__name__.strip('_').replace('_', ' ')}**"
    tree = ast.parse(inspect.getsource(rule))
    shared = {
        node.targets[0].id: text_of(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    yields = (node for node in ast.walk(tree) if isinstance(node, ast.Yield))
    for said in sorted(yields, key=lambda node: node.lineno):
        text = text_of(said.value)
        for name, value in shared.items():
            text = text.replace(f"{{{name}}}", value if value != UNSPOKEN else f"{{{name}}}")
        yield f"  - `{text}`"
