"""``schedules`` against a live Stigmer: its own worker starts what is due."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.cli.terminal import Terminal
from tests.waiting import START_SECONDS, until

pytestmark = pytest.mark.processes


def shown(terminal: Terminal, name: str) -> dict[str, Any]:
    said = terminal("schedules", "show", name, "-o", "json")
    assert said.code == 0, said
    return dict(json.loads(said.out))


def test_a_worker_starts_what_is_due_and_a_person_pauses_triggers_and_deletes(
    demo: Terminal,
) -> None:
    name = f"tick {uuid.uuid4().hex[:8]}"
    made = demo(
        *("schedules", "create", name, "--workflow", "greet", "-i", "name=Tea"),
        *("--every", "10s"),
    )
    assert made.code == 0 and "active" in made.out, made

    def ran() -> Any:
        last = shown(demo, name)["last"]
        return last if last and last["phase"] == "COMPLETED" else None

    last = until(ran, what="a worker starts a run of the schedule", seconds=START_SECONDS)
    assert (last["outcome"], last["triggered_by"]) == ("started", None)
    run = json.loads(demo("get", last["execution_id"], "-o", "json").out)
    assert run["spec"]["schedule"]["name"] == name
    assert run["status"]["output"] == {"text": "Hello, Tea"}
    assert "disabled" in demo("schedules", "pause", name, "--reason", "enough").out
    assert "enough" in demo("schedules", "show", name).out
    assert "was started by" in demo("schedules", "trigger", name).out
    assert "started" in demo("schedules", "times", name).out
    assert name in demo("schedules", "list", "--state", "disabled").out
    assert name in demo("describe", "schedule", name).out
    assert "active" in demo("schedules", "resume", name).out
    changed = demo("schedules", "change", name, "--cron", "0 9 * * 1", "--zone", "Europe/Berlin")
    assert "0 9 * * 1 Europe/Berlin" in changed.out
    assert demo("schedules", "delete", name, "--yes").code == 0
    assert demo("schedules", "show", name).code == 4


def test_what_is_wrong_is_said_where_it_stands(demo: Terminal) -> None:
    wrong = ("schedules", "create", "x", "--workflow", "greet", "--cron", "99 * * * *")
    said = demo(*wrong)
    assert said.code != 0
    assert "minute" in said.err
