"""Lines of the log: for machines one JSON object each, with the deployment they are about."""

import json
import logging
import sys

import pytest
from operator_world import KEY, NAME, NAMESPACE, OperatorWorld
from sluice_operator.controller.log import JsonFormatter, about, configure_logging


@pytest.fixture
def restored():
    """The root logger as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield root
    root.handlers[:], root.level = before


def line(**changes):
    record = logging.LogRecord("sluice", logging.INFO, __file__, 1, "%s is up", ("Envoy",), None)
    vars(record).update(changes)
    return json.loads(JsonFormatter().format(record))


def test_a_line_has_its_time_level_logger_and_message():
    plain = line(created=0.0)
    assert plain == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "INFO",
        "logger": "sluice",
        "message": "Envoy is up",
    }


def test_a_line_about_a_deployment_names_it_in_fields_of_its_own():
    plain = line(**about(("shop", "churn")))
    assert (plain["namespace"], plain["deployment"]) == ("shop", "churn")


def test_an_exception_is_part_of_its_line():
    try:
        json.loads("{")
    except json.JSONDecodeError:
        text = JsonFormatter().format(
            logging.LogRecord("sluice", logging.ERROR, "", 1, "bug", (), sys.exc_info())
        )
    assert "\n" not in text
    assert "JSONDecodeError" in json.loads(text)["exception"]


@pytest.mark.parametrize(("form", "is_json"), [("json", True), ("text", False)])
def test_the_format_is_as_the_setting_says(restored, form, is_json, capsys):
    configure_logging(form, "WARNING")
    logging.getLogger("sluice.test").warning("too late", extra=about(("shop", "churn")))
    logging.getLogger("sluice.test").info("not worth a line")
    (written,) = capsys.readouterr().err.splitlines()
    assert written.startswith("{") is is_json
    assert "too late" in written


def test_libraries_say_only_what_is_wrong(restored):
    configure_logging("json", "DEBUG")
    assert not logging.getLogger("kopf").isEnabledFor(logging.INFO)
    assert logging.getLogger("sluice_operator").isEnabledFor(logging.DEBUG)


def test_a_look_that_fails_says_which_deployment_it_was_about(caplog):
    operator = OperatorWorld()
    operator.apply("s3://models/v1")
    operator.world.router_down = True
    operator.run(3)
    told = [record for record in caplog.records if "router does not answer" in record.getMessage()]
    assert told
    assert {(record.namespace, record.deployment) for record in told} == {KEY}
    assert KEY == (NAMESPACE, NAME)
