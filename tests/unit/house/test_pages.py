"""What pages say about the house is so: links lead somewhere, commands and fields exist."""

import re
from pathlib import Path

import pytest
from house import ROOT, commands, pages
from sluice_cli.main import app
from sluice_operator.api import v1alpha1
from sluice_operator.api.wire import Wire
from sluice_operator.rollout.status import Outcome, Phase
from typer.main import get_command

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"```.*?```", re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def relative_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors_of(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    plain = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", pages(), ids=relative_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    links = [link for link in LINK.findall(text) if "://" not in link]
    for link in links:
        target, _, anchor = link.partition("#")
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in anchors_of(there), f"{link}: no such heading"


def test_every_decision_is_in_the_index_and_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    names = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name[:4] for name in names] == [f"{n:04d}" for n in range(1, len(names) + 1)]
    index = (ROOT / "docs" / "index.md").read_text()
    for name in names:
        assert f"(decisions/{name})" in index
        assert f"({name})" in (folder / "README.md").read_text()
        titles = [line for line in (folder / name).read_text().splitlines() if line[:3] == "## "]
        assert titles == ["## Context", "## Decision", "## Consequences"], name


def test_every_page_of_the_docs_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name}" in index, page.name
    for page in (ROOT / "docs" / "reference").glob("*.md"):
        assert f"(reference/{page.name}" in index, page.name


@pytest.mark.parametrize(("page", "line"), sorted(set(commands("sluice"))))
def test_a_command_that_a_page_names_exists(page: str, line: str) -> None:
    command, words = get_command(app), line.split()[1:]
    while words and hasattr(command, "commands"):
        name = words.pop(0).split("|")[0]
        assert name in command.commands, f"{page}: {line}: no command {name!r}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in getattr(parameter, "opts", ())}
    for option in (word for word in words if word.startswith("-")):
        assert option in known | {"--help"}, f"{page}: {line}: no option {option}"


@pytest.mark.parametrize(("page", "line"), sorted(set(commands("make"))))
def test_a_target_that_a_page_names_exists(page: str, line: str) -> None:
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line.split()[1] in targets, f"{page}: {line}"


@pytest.mark.parametrize("name", ["Conditions", "Pauses", "Events"])
def test_the_runbook_says_of_each_name_what_to_do(name: str) -> None:
    told = chapter(ROOT / "docs" / "runbook.md", name)
    entries = dict(re.findall(r"^### (\w+)\n(.+)", told, re.MULTILINE))
    reference = chapter(ROOT / "docs" / "reference" / "conditions-and-events.md", name)
    assert set(re.findall(r"^\| `(\w+)`", reference, re.MULTILINE)) == entries.keys()
    assert all(len(said) > 20 for said in entries.values())


def test_the_page_of_the_contract_lists_every_case_and_no_other() -> None:
    page = (ROOT / "docs" / "seldon-contract.md").read_text()
    listed = [plain(case) for case in re.findall(r"^\| (\w+: .+?) \|", page, re.MULTILINE)]
    suite = ROOT / "tests" / "contracts" / "seldon"
    known = {
        plain(f"{file.stem.removeprefix('test_')}: {name}")
        for file in suite.glob("test_*.py")
        for name in re.findall(r"^def test_(\w+)", file.read_text(), re.MULTILINE)
    }
    assert sorted(listed) == sorted(known)
    assert f"All {len(known)} cases" in page


def plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


def chapter(page: Path, name: str) -> str:
    """What stands under a heading of the second level."""
    return page.read_text().split(f"\n## {name}\n")[1].split("\n## ")[0]


def test_the_page_of_the_modeldeployment_knows_every_field() -> None:
    page = (ROOT / "docs" / "modeldeployment.md").read_text()
    types = [t for t in vars(v1alpha1).values() if isinstance(t, type) and issubclass(t, Wire)]
    fields = {field.alias or name for t in types for name, field in t.model_fields.items()}
    known = set(re.findall(r"\w+", page))
    assert sorted(fields - known) == []


def test_the_page_of_the_modeldeployment_knows_every_phase_and_end() -> None:
    page = (ROOT / "docs" / "modeldeployment.md").read_text()
    for name in [*Phase, *Outcome, *v1alpha1.Metric, *v1alpha1.Comparison, *v1alpha1.GateRole]:
        assert f"`{name}`" in page, name
