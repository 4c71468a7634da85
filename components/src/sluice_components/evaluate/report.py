"""The report for people: one HTML page that needs nothing else, and the verdict as Markdown."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from sluice_components.evaluate.breakdown import LEAST_ROWS
from sluice_components.evaluate.figure import plots_of, slice_plot
from sluice_components.evaluation import Evaluation, Outcome, Slice, Standing

PASSED: Final = "passed"
FAILED: Final = "failed"


def html_report(found: Evaluation, title: str) -> str:
    """The whole page: verdict, rules, metrics, plots, slices and protected groups."""
    template = Template((files(__package__) / "report.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(title),
        verdict_class=PASSED if found.accepted else FAILED,
        verdict=escape(verdict(found)),
        facts=escape(_facts(found)),
        acceptance=_acceptance_table(found.acceptance),
        champion=_champion_paragraph(found),
        metrics=_table(("metric", "value"), [(n, _number(v)) for n, v in found.metrics.items()]),
        classes=_class_table(found),
        plots="".join(_figure(name, svg) for name, svg in plots_of(found)),
        slices=_slices("Slices", found.slices, found.metrics["accuracy"]),
        protected=_slices("Protected groups", found.protected, found.metrics["accuracy"]),
    )


def markdown_verdict(found: Evaluation) -> str:
    """Verdict, acceptance rules and champion, as the Kubeflow UI shows them."""
    lines = [f"**{verdict(found)}**", "", _facts(found), ""]
    if found.acceptance:
        lines += ["| rule | value | met | reason |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {o.rule} | {_value(o)} | {'yes' if o.passed else '**no**'} | {o.reason} |"
            for o in found.acceptance
        ]
    else:
        lines.append("The project states no acceptance rule.")
    lines += ["", _sentence(f"champion: {found.champion.reason}"), ""]
    return "\n".join(lines)


def verdict(found: Evaluation) -> str:
    """The outcome in one sentence."""
    if found.accepted:
        return "Accepted: every rule is met"
    return "Not accepted: " + "; ".join(found.refusals)


def _facts(found: Evaluation) -> str:
    return (
        f"{found.rows:,} rows held out, {len(found.classes)} classes, "
        f"hold-out {found.holdout_digest[:19]}…, trained on {found.training_digest[:19]}…"
    )


def _acceptance_table(outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return "<p>The project states no acceptance rule.</p>"
    rows = [(o.rule, _value(o), PASSED if o.passed else FAILED, o.reason) for o in outcomes]
    return _table(("rule", "value", "met", "reason"), rows)


def _champion_paragraph(found: Evaluation) -> str:
    standing = found.champion
    state = PASSED if standing.passed else FAILED
    text = f"<p class='{state}'>{escape(_sentence(standing.reason))}</p>"
    if standing.standing in {Standing.NOT_WORSE, Standing.NOT_PROVEN}:
        facts = (
            ("new", _number(standing.value)),
            ("champion", f"{_number(standing.champion_value)} ({standing.champion[:19]}…)"),
            ("gain", f"{standing.difference:+.4f} in [{standing.low:+.4f}, {standing.high:+.4f}]"),
            ("method", standing.method),
        )
        text += _table(("", standing.metric), facts)
    return text


def _class_table(found: Evaluation) -> str:
    rows = [
        (one.name, f"{one.rows:,}", _number(one.precision), _number(one.recall))
        for one in found.per_class
    ]
    return _table(("class", "rows", "precision", "recall"), rows)


def _slices(title: str, parts: Sequence[Slice], overall: float) -> str:
    if not parts:
        return ""
    note = f"Gaps are between groups of at least {LEAST_ROWS} rows."
    return f"<h2>{title}</h2><p>{note}</p>" + "".join(_slice(part, overall) for part in parts)


def _slice(part: Slice, overall: float) -> str:
    names = sorted({name for group in part.groups for name in group.metrics})
    header = ("value", "rows", "accuracy", *(name.replace("_", " ") for name in names))
    rows = [
        (
            group.value,
            f"{group.rows:,}",
            _number(group.accuracy),
            *(_number(group.metrics.get(name)) for name in names),
        )
        for group in part.groups
    ]
    gap = ("largest gap", "", *(_number(part.gaps.get(name)) for name in ("accuracy", *names)))
    figure = _figure(part.column, slice_plot(part, overall))
    return f"<section>{figure}{_table(header, [*rows, gap])}</section>"


def _figure(title: str, svg: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    state = f" class='{text}'" if text in {PASSED, FAILED} else ""
    return f"<td{state}>{escape(text)}</td>"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _value(outcome: Outcome) -> str:
    return "not measurable" if outcome.value is None else _number(outcome.value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
