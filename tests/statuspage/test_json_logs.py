"""Log lines as JSON: the same event for the same sentence, and no live link in any field."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from statuspage.json_logs import IDS, JsonFormatter
from statuspage.log_masking import MaskTokens

TOKEN = "x9k2-secret-token-of-a-link"


@pytest.fixture
def lines() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(MaskTokens())
    logger = logging.getLogger("tests.json_logs")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, out
    logger.removeHandler(handler)
    logger.propagate = True


def _read(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_event_is_the_sentence_before_it_is_filled(
    lines: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, out = lines
    for path in ("/one", "/two"):
        logger.warning("A request failed: path=%s", path)

    first, second = _read(out)
    assert first["event"] == second["event"] == "A request failed: path=%s"
    assert second["message"] == "A request failed: path=/two"
    assert (first["level"], first["logger"]) == ("warning", "tests.json_logs")
    assert first["time"].endswith("+00:00")


def test_no_field_holds_a_token_and_an_error_has_its_traceback(
    lines: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, out = lines
    try:
        int(f"/subscriptions/confirm/{TOKEN}")
    except ValueError:
        logger.exception("/setup/%s/ failed on\ntwo lines", TOKEN)

    (line,) = _read(out)
    assert TOKEN not in out.getvalue()
    assert "ValueError" in line["traceback"]


def test_a_line_names_what_it_is_about_and_nothing_else_of_its_extras(
    lines: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, out = lines
    logger.warning("lost", extra={"delivery_id": "d1", "incident_id": "", "other": "x"})
    logger.warning("broke", extra={"replica_id": 7, "reference": "abcd"})
    logger.warning("plain")

    about = [{name: line[name] for name in line if name in {*IDS, "other"}} for line in _read(out)]
    assert about == [{"delivery_id": "d1"}, {"replica_id": 7, "reference": "abcd"}, {}]
