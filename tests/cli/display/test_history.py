"""Lines of a history."""

from __future__ import annotations

from typing import Any

import pytest

from executions.cli.display.history import lines


def step(name: str, status: str, **more: Any) -> dict[str, Any]:
    return {"type": "step", "name": name, "path": f"/{name}", "status": status, "at": None, **more}


def event(name: str, **payload: Any) -> dict[str, Any]:
    return {
        "type": "event",
        "name": f"WORKFLOW_{name}",
        "payload": payload,
        "at": None,
        "actor": payload.pop("by", None),
    }


def said(*entries: dict[str, Any]) -> list[str]:
    texts = [
        "".join(part if isinstance(part, str) else part[0] for part in parts)
        for parts in lines(entries)
    ]
    return [text.strip() for text in texts]


def test_a_finished_step_is_its_mark_and_its_path() -> None:
    assert said(step("charge", "SUCCEEDED"), step("note", "SKIPPED")) == ["✓ charge", "» note"]


def test_a_step_that_runs_is_no_line_yet() -> None:
    assert said(step("charge", "RUNNING"), step("charge", "RETRYING")) == []


def test_a_failure_is_told_once_by_the_event_that_knows_why() -> None:
    told = said(
        step("charge", "FAILED"),
        event("STEP_FAILED", step_name="charge", reason="503"),
        step("outer", "FAILED"),
    )
    assert told == ["✗ charge: failed: 503", "✗ outer"]


def test_a_failure_that_was_caught_is_told_by_its_step() -> None:
    assert said(step("charge", "FAILED")) == ["✗ charge"]


def test_a_retry_to_come_says_when_and_why() -> None:
    told = said(
        event("STEP_RETRYING", step_name="charge", attempt=1, rule="http 503", delay_seconds=2.0)
    )
    assert told == ["↻ charge: attempt 1 failed (http 503), next one in 2 s"]


def test_what_a_person_did_carries_the_name_and_the_reason() -> None:
    assert said(event("RETRIED", by="ann", reason="mended")) == ["↺ retry: mended (by ann)"]
    assert said({"type": "decision", "name": "retry", "at": None}) == []
    assert said(event("RECOVERED")) == ["↺ recovered from the last checkpoint"]
    assert said(event("RECOVERED", by="ann", version=2, reason="mended")) == [
        "↺ recovered from the last checkpoint, goes on with version 2: mended (by ann)"
    ]
    assert said(
        event("OVERRIDDEN", by="ada", before="FAILED", after="CANCELLED", reason="withdrawn")
    ) == ["! overridden: CANCELLED: withdrawn (by ada)"]
    assert said(event("RESTORE_UNDONE", by="sue", reason="no")) == [
        "↺ the restore was undone: no (by sue)"
    ]


def test_the_start_comes_first_though_it_was_committed_with_the_first_steps() -> None:
    assert said(step("hello", "SUCCEEDED"), event("STARTED")) == ["▶ started", "✓ hello"]


@pytest.mark.parametrize("entry", [event("NEW_KIND_OF_EVENT"), {**event("X"), "payload": None}])
def test_an_event_that_nobody_knows_yet_is_shown_by_its_name(entry: dict[str, Any]) -> None:
    assert said(entry)[0].startswith("· ")


def test_a_name_cannot_steer_the_terminal() -> None:
    told = said(
        step("a\x1b[2Jb", "SUCCEEDED"),
        event("STEP_FAILED", step_name="c\x07", reason="\x1b[31mred"),
    )
    assert all(text.isprintable() for text in told)
