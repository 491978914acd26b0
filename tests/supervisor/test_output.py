from __future__ import annotations

import io
import json

from executions.supervisor.output import Output


def _said(*lines: str, text: bool) -> str:
    stream = io.StringIO()
    for line in lines:
        Output(stream, text=text).say("worker-1", line)
    return stream.getvalue()


def test_a_record_is_one_readable_line_with_the_name_of_its_process() -> None:
    written = _said(
        json.dumps({"event": "step finished", "level": "info", "timestamp": "…", "step": "pay"}),
        text=True,
    )
    assert written[8:] == " worker-1  step finished  step=pay\n"


def test_a_record_elsewhere_stays_json_and_gains_its_process() -> None:
    written = _said(json.dumps({"event": "step finished", "step": "pay"}), text=False)
    assert json.loads(written) == {"process": "worker-1", "event": "step finished", "step": "pay"}


def test_a_plain_line_becomes_a_record() -> None:
    written = json.loads(_said("out of memory", text=False))
    assert written["event"] == "out of memory"


def test_an_error_is_told_in_two_short_lines() -> None:
    error = {
        "exc_type": "ValueError",
        "exc_value": "no",
        "frames": [{"filename": "pay.py", "lineno": 7}],
    }
    written = _said(
        json.dumps({"event": "ended by an error", "level": "critical", "exception": [error]}),
        text=True,
    )
    assert written.splitlines()[1].strip() == "ValueError: no (pay.py:7)"


def test_empty_lines_are_left_out() -> None:
    assert _said("", "  ", text=True) == ""


def test_a_terminal_that_went_away_stops_nobody() -> None:
    stream = io.StringIO()
    output = Output(stream, text=True)
    stream.close()
    output.say("web", "into the void")
