"""Where a run stands, and what can be done."""

from __future__ import annotations

from typing import Any

import pytest

from executions.cli.display.standing import next_commands, sentence
from executions.cli.display.words import STYLES
from executions.states import Phase, StepStatus


def run(phase: str, **status: Any) -> dict[str, Any]:
    usual = {
        "current_step": "/charge",
        "retry_count": 0,
        "failure_reason": "",
        "cancel_asked": False,
        "wake_at": None,
        "waiting_for": "",
    }
    return {"metadata": {"id": "wex-1"}, "status": {"phase": phase, **usual, **status}}


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_has_a_sentence_that_begins_with_it(phase: Phase) -> None:
    assert sentence(run(phase)).startswith(phase)


def test_every_phase_and_status_has_its_colour() -> None:
    assert set(STYLES) == {*map(str, Phase), *map(str, StepStatus)}


def test_a_failure_says_where_and_why() -> None:
    assert (
        sentence(run("FAILED", failure_reason="503\nagain", retry_count=3))
        == "FAILED at charge after 3 retries: 503 again"
    )
    assert (
        sentence(run("FAILED", failure_reason="no", retry_count=1))
        == "FAILED at charge after 1 retry: no"
    )


@pytest.mark.parametrize(
    ("seen", "verbs"),
    [
        (run("FAILED"), ["retry", "recover", "recover"]),
        (run("WAITING", waiting_for="decision"), ["decide", "decide", "decide"]),
        (run("WAITING", waiting_for="back-off"), ["logs", "cancel"]),
        (run("PAUSED"), ["resume"]),
        (run("IN_PROGRESS"), ["logs", "cancel"]),
        (run("COMPLETED"), []),
        (run("TERMINATED"), []),
    ],
)
def test_each_phase_offers_what_it_allows(seen: dict[str, Any], verbs: list[str]) -> None:
    assert [command.split()[1] for command, _ in next_commands(seen)] == verbs


def test_a_run_of_an_agent_follows_no_version() -> None:
    assert "--onto" in str(next_commands(run("FAILED")))
    assert "--onto" not in str(next_commands(run("FAILED") | {"metadata": {"id": "aex-1"}}))


def test_skipping_is_offered_only_where_the_step_is_optional() -> None:
    assert any(
        command.startswith("stigmer skip")
        for command, _ in next_commands(run("FAILED"), may_skip=True)
    )


def test_a_run_in_line_says_how_long_the_line_is() -> None:
    line = {
        "step": "/add",
        "told": "It has waited 12 s for a free function process. 3 runs wait for one.",
    }
    said = sentence(run("WAITING", waiting_for="function process", function_line=line))
    assert (
        said
        == "WAITING at add. It has waited 12 s for a free function process. 3 runs wait for one."
    )
    assert sentence(run("IN_PROGRESS", function_line=line)).startswith(
        "IN_PROGRESS at add. It has waited 12 s"
    )
