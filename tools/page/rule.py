"""The rules of the rollout and of admission, in the order in which they are asked."""

from collections.abc import Iterator

from sluice_operator.api.admission.rule import Rule
from sluice_operator.api.admission.whole import FAMILY_ALPHA
from sluice_operator.api.rule import RULES as ADMISSION
from sluice_operator.rollout.decide import RULES

from tools.page.code import first_line
from tools.page.mark import marked_page

PAGE = """\
# Rules

## The rollout
`decide` asks these rules from top to bottom at every look; the first that has an answer decides.
A rule without an answer says nothing, so what stands higher always wins: a candidate that is
proven harmful goes before anybody's wish is heard.

{rollout}

## Admission
An object that breaks one of these rules is refused before anything happens, with every broken
rule in one answer: by the API server, which knows them as CEL expressions in the
CustomResourceDefinition, and on a laptop by `sluice apply`, which adds the position in the list.
Rules about changes hold in a cluster only. The alphas of all guardrails may sum to {alpha:g}.

{admission}
"""


def page() -> str:
    """Both lists."""
    rollout = "\n".join(
        f"{number}. **`{rule.__name__}`**: {first_line(rule)}"
        for number, rule in enumerate(RULES, start=1)
    )
    return marked_page(
        PAGE.format(rollout=rollout, admission="\n".join(_admission()), alpha=FAMILY_ALPHA),
        source="operator/src/sluice_operator/{rollout,api}/",
    )


def _admission() -> Iterator[str]:
    for kind in dict.fromkeys(kind for rule in ADMISSION for kind in rule.kinds):
        yield f"### {kind}"
        yield ""
        yield "| rule | at | says |"
        yield "| --- | --- | --- |"
        yield from (_row(rule) for rule in ADMISSION if kind in rule.kinds)
        yield ""


def _row(rule: Rule) -> str:
    where = {"": "the object", "*": "every duration"}.get(rule.at, f"`{rule.at}`")
    return f"| {rule.name} | {where} | {rule.message} |"
