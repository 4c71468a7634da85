"""A sound project file as text, to be changed at one place per test."""

from pathlib import Path

SOUND = """\
name: loyal-customers
source: {path: raw/customers.csv}
joins:
- {source: {path: raw/plans.csv}, on: [plan], columns: [price], rename: {price: plan_price}}
schema:
- {name: signed_up, type: timestamp}
- {name: plan, type: string, categories: [basic, family]}
- {name: age, type: integer, minimum: 0, maximum: 120}
- {name: plan_price, type: float, nullable: true}
- {name: months, type: float, nullable: true}
target: {column: months, above: 12, name: loyal}
time: signed_up
features: {numeric: [age, plan_price], categorical: [plan]}
split: {method: temporal, holdout: 0.2, gap: 1d}
estimator: {class: sklearn.linear_model.LogisticRegression, parameters: {C: 1.0}}
acceptance:
- {metric: roc_auc, minimum: 0.6}
"""
"""Every line is a section or an item of one, so that line numbers are easy to name."""


def changed(*changes: tuple[str, str]) -> str:
    """The sound text with pieces replaced, given as (old, new)."""
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} must stand once in the text"
        text = text.replace(old, new)
    return text


def write_project(folder: Path, text: str = SOUND) -> Path:
    """The text as `sluice.yaml` in a folder."""
    file = folder / "sluice.yaml"
    file.write_text(text, encoding="utf-8")
    return file
