"""The model card: written from facts, so that no field is empty or out of date."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sluice_components.evaluation import Evaluation, Slice
from sluice_components.project.model import Project
from sluice_components.project.section import TemporalSplit


def card_of(
    project: Project, found: Evaluation, lineage: Mapping[str, Any], warnings: Sequence[str]
) -> str:
    """The card in Markdown; equal facts give an equal card."""
    sections = (
        ("Model", _model(project, found)),
        ("Use", _use(project)),
        ("Inputs", _inputs(project)),
        ("Training data", _training(project, lineage["data"])),
        ("Evaluation", _evaluation(project, found)),
        ("Groups", _groups(found)),
        ("Limits", _limits(project, found, warnings)),
        ("Origin", _origin(lineage)),
    )
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections)
    return f"# {project.registered_name}\n\n{body}\n"


def _model(project: Project, found: Evaluation) -> str:
    parameters = project.estimator.parameters
    stated = ", ".join(f"`{name}={value!r}`" for name, value in parameters.items())
    return _bullets(
        f"Estimator: `{project.estimator.class_}`, {stated or 'all at their defaults'}",
        f"Predicts: `{project.target.name}`, one of {', '.join(found.classes)}",
        f"Seed: {project.seed}",
    )


def _use(project: Project) -> str:
    limit = project.target.above
    meaning = f"the value of `{project.target.column}`"
    if limit is not None:
        meaning = f"whether `{project.target.column}` is above {limit:g}"
    entity = ", ".join(f"`{name}`" for name in project.entity) or "one row of the source"
    return (
        f"Says for {entity} {meaning}, before it is known, from the inputs below. Inputs outside "
        "of their contract are refused by the serving runtime; other uses were not evaluated."
    )


def _inputs(project: Project) -> str:
    columns = {column.name: column for column in project.columns}
    rows = []
    for name in project.features.names:
        column = columns[name]
        used = "number" if name in project.features.numeric else "category"
        rows.append((name, column.type, used, "yes" if column.nullable else "no", _range(column)))
    return _table(("column", "type", "used as", "may be missing", "values"), rows)


def _range(column: Any) -> str:
    if column.categories is not None:
        return ", ".join(column.categories)
    if column.minimum is None and column.maximum is None:
        return "any"
    low = "" if column.minimum is None else f"{column.minimum:g}"
    high = "" if column.maximum is None else f"{column.maximum:g}"
    return f"{low} … {high}"


def _training(project: Project, data: Mapping[str, Any]) -> str:
    sources = [project.source.path, *(join.source.path for join in project.joins)]
    window = project.window
    rows = "all rows of the source"
    if window is not None:
        rows = f"`{project.time}` from {window.start or 'the first'} to {window.end or 'the last'}"
    return _bullets(
        f"Sources: {', '.join(f'`{path}`' for path in sources)}",
        f"Window: {rows}",
        f"Rows: {data['training_rows']:,}, content digest `{data['training']}`",
    )


def _evaluation(project: Project, found: Evaluation) -> str:
    split = project.split
    how = "drawn at random, each class in its share"
    if isinstance(split, TemporalSplit):
        how = f"the latest by `{project.time}`"
    metrics = _table(("metric", "value"), [(n, f"{v:.4f}") for n, v in found.metrics.items()])
    rules = [
        f"`{o.rule}`: {'met' if o.passed else f'not met, {o.reason}'}" for o in found.acceptance
    ]
    verdict = "accepted" if found.accepted else "not accepted"
    return "\n\n".join(
        (
            f"Hold-out: {found.rows:,} rows, {how}, content digest `{found.holdout_digest}`.",
            metrics,
            _bullets(*(rules or ["The project states no acceptance rule."])),
            f"Champion: {found.champion.reason}.",
            f"Verdict: **{verdict}**.",
        )
    )


def _groups(found: Evaluation) -> str:
    if not found.protected:
        return "The project names no protected column, so no group was looked at on its own."
    return "\n\n".join(_group_table(part) for part in found.protected)


def _group_table(part: Slice) -> str:
    rows = [(group.value, f"{group.rows:,}", f"{group.accuracy:.4f}") for group in part.groups]
    gaps = ", ".join(f"{name} {value:.4f}" for name, value in part.gaps.items())
    table = _table((part.column, "rows", "accuracy"), rows)
    return f"{table}\n\nLargest differences between groups: {gaps or 'too few rows to tell'}."


def _limits(project: Project, found: Evaluation, warnings: Sequence[str]) -> str:
    weakest = min(found.per_class, key=lambda one: one.recall)
    unseen = {
        "ignore": "A category that training never had counts as none of the known ones.",
        "refuse": "A category that training never had is an error.",
    }[project.features.unseen]
    return _bullets(
        f"Weakest class: {weakest.name}, of which {weakest.recall:.0%} is found.",
        unseen,
        "What the hold-out does not show, such as later drift, is not in these numbers.",
        *(f"scikit-learn warned: {warning}" for warning in warnings),
    )


def _origin(lineage: Mapping[str, Any]) -> str:
    code, environment = lineage["code"], lineage["environment"]
    libraries = ", ".join(environment["requirements"])
    return _bullets(
        f"Raw data: `{lineage['data']['raw']}`",
        f"Code: `{code['digest']}`, project at commit {code['commit'] or '(not under git)'}",
        f"Parameters: `{lineage['parameters']['digest']}`",
        f"Environment: Python {environment['python']}, {libraries}",
        f"Everything installed: `{environment['digest']}`",
    )


def _bullets(*lines: str) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
