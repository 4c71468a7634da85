"""The README of a chart: what it is, how it is installed alone, and every value."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel

from tools.chart.text import parts, rows
from tools.page.mark import marked_page

HELM = Path(__file__).resolve().parents[2] / "helm"
PAGE = """\
# {name}

{about}

Chart {version}, Kubernetes {kubernetes}.

{remarks}

```sh
{install}
```

{head}## Values

| value | default | meaning |
| --- | --- | --- |
{table}
"""
PARTS = """\
## Parts

| part | installed | what it is |
| --- | --- | --- |
{table}

Every value of a part stands under its name: `--set mlflow.workers=2`. Below are those that the
umbrella sets, so that the parts find each other; all others are in the README of the part.

"""


def readme(name: str, model: BaseModel, *, source: str) -> str:
    """The page of one chart; what only people know of it stands in its `remarks.md`."""
    return _page(name, model, _table(rows(model)), source=source)


def umbrella_readme(model: BaseModel, *, source: str) -> str:
    """The page of the umbrella: its parts, and what it tells them."""
    lines: list[str] = []
    wires: list[tuple[str, str, str]] = []
    for name, about, part in parts(model):
        if name == "global":
            wires += rows(part, "global.")
        else:
            installed = "yes" if getattr(part, "enabled", True) else "no"
            lines.append(f"| [`{name}`](../{name}/README.md) | {installed} | {_escaped(about)} |")
            wires += rows(part, f"{name}.", type(part)())
    head = PARTS.format(table="\n".join(lines))
    return _page("sluice", model, _table(wires), source=source, head=head)


def _page(name: str, model: BaseModel, table: Iterable[str], *, source: str, head: str = "") -> str:
    described = yaml.safe_load((HELM / name / "Chart.yaml").read_text(encoding="utf-8"))
    page = PAGE.format(
        name=name,
        about=" ".join((type(model).__doc__ or "").split()),
        version=described["version"],
        kubernetes=described["kubeVersion"].removesuffix("-0").removeprefix(">=") + " or later",
        remarks=(HELM / name / "remarks.md").read_text(encoding="utf-8").strip(),
        install=_install(name),
        head=head,
        table="\n".join(table),
    )
    return marked_page(page, source=source)


def _install(name: str) -> str:
    release = "sluice" if name == "sluice" else "mine"
    least = f" --values helm/{name}/ci/alone-values.yaml"
    given = least if (HELM / name / "ci" / "alone-values.yaml").exists() else ""
    return f"helm install {release} helm/{name} --namespace sluice --create-namespace{given}"


def _table(values: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    for path, default, meaning in values:
        yield f"| `{path}` | {_cell(default)} | {_escaped(meaning)} |"


def _cell(default: str) -> str:
    empty = default in {"''", "[]", "{}"}
    return "none" if empty else f"`{_escaped(default)}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
