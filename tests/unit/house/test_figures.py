"""`tools/figures.py`: what was measured stands on the page, and what was not stays as it was."""

import importlib.util
import json
import shutil

import pytest
from house import ROOT

_spec = importlib.util.spec_from_file_location("figures", ROOT / "tools" / "figures.py")
figures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(figures)


@pytest.fixture
def house(tmp_path):
    """A house of which nothing was measured yet."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "figures.md").write_text(
        f"# Figures\n\n{figures.BEGIN}\n{figures.END}\nThe end.\n"
    )
    return tmp_path


def measured(house, file, document):
    path = house / "build" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def rows(house):
    return figures.parts_of((house / "docs" / "figures.md").read_text())[1]


def change(milliseconds):
    return {
        "effective_max_seconds": milliseconds / 1000,
        "target_seconds": 0.1,
        "changes": 24,
        "failed_requests": 0,
        "requests": 4321,
    }


def test_what_was_not_run_is_said_so(house):
    assert figures.main(house) == 0
    assert len(rows(house)) == len(figures.SOURCES)
    assert all("not measured yet" in row for row in rows(house))


def test_what_was_run_is_written_and_stays_when_other_things_are_run(house):
    measured(house, "bench/engine.json", change(62))
    assert figures.main(house) == 0
    shutil.rmtree(house / "build")
    measured(house, "bench/judge-cost.json", {"claims": [{"claim": "cheap", "holds": True}]})
    assert figures.main(house) == 0
    found = "\n".join(rows(house))
    assert "slowest of 24 weight changes under load: 62 ms, at most 100 ms | yes |" in found
    assert "0 of 4,321 requests failed meanwhile, at most 0 | yes |" in found
    assert "| `bench/judge/cost.py` | cheap | yes |" in found
    assert (house / "docs" / "figures.md").read_text().endswith(f"{figures.END}\nThe end.\n")


def test_a_broken_promise_is_marked_and_fails(house, capsys):
    measured(house, "bench/engine.json", change(162))
    assert figures.main(house) == 1
    assert "162 ms, at most 100 ms | **no** |" in capsys.readouterr().out


def test_many_rows_are_stated_and_one_row_is_held(house):
    claim = {"claim": "p50 of one row", "holds": True}
    many = {"rows_per_request": 100, "ratio": {"p50": 1.2, "p99": 1.5}}
    measured(house, "bench/serving.json", {"claims": [claim], "rows": [many]})
    assert figures.main(house) == 0
    found = "\n".join(rows(house))
    assert "p50 of one row | yes |" in found
    assert "100 rows a request: p50 1.20 of MLServer's, p99 1.50 | stated |" in found


def test_the_page_has_a_row_for_every_command_and_every_command_exists():
    page = figures.parts_of((ROOT / "docs" / "figures.md").read_text())[1]
    for name in figures.SOURCES:
        assert any(row.startswith(f"| `{name}` |") for row in page), name
        assert name.startswith("make ") or (ROOT / name).exists()
