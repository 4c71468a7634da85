"""The report of a demo: one page that needs nothing but itself."""

import re
from dataclasses import replace

import pytest
import yaml
from demo_played import CANDIDATE, answer, promoted, taken_back
from laptop_simulated import wanted
from sluice_cli.demo.report import write_report
from sluice_cli.demo.summary import summary_of


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    (folder / "deployment.yaml").write_text(yaml.safe_dump(wanted("v2").to_wire()))
    played = [promoted(folder / "good"), taken_back(folder / "bad")]
    answers = [answer(played[1].began + 5, route=CANDIDATE, status=500)]
    summary = summary_of(12.3, answers, played)
    write_report(folder / "report.html", summary, played, folder)
    return (folder / "report.html").read_text()


def test_it_needs_nothing_from_elsewhere(page):
    assert not re.search(r"""(src|href|url\()=?["']?https?:""", page)


def test_every_act_has_its_picture_its_story_and_its_end(page):
    assert page.count("<svg") == 2
    assert page.count("as if it were true") == 2
    for words in ("Promoted", "RolledBack", "Gate errors", CANDIDATE):
        assert words in page


def test_pictures_show_weight_rates_and_evidence(page):
    for label in ("candidate, %", "failed, %", "evidence", "proof at 100"):
        assert label in page


def test_what_a_story_says_is_text_and_no_markup(tmp_path):
    (tmp_path / "deployment.yaml").write_text(yaml.safe_dump(wanted("v2").to_wire()))
    one = promoted(tmp_path / "good")
    sly = one.act.model_copy(update={"story": "<script>alert(1)</script>"})
    told = [replace(one, act=sly)]
    write_report(tmp_path / "report.html", summary_of(1, [], told), told, tmp_path)
    assert "<script>alert" not in (tmp_path / "report.html").read_text()
