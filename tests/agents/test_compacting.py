"""A conversation that grows too long is told in short, and goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.agents import reading
from executions.driving.chain import verify
from executions.driving.lease import load_records
from executions.intake.start import start_agent
from executions.models import Execution, LanguageModel
from executions.states import Phase
from executions.verbs.deciding.restore import restore
from tests.agents.conftest import Demo, answer, calls, step, steps
from tests.people import confirmed

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
TOO_LONG = {"error": 400, "code": "context_length_exceeded"}
LOOKS = [calls(("agents_stock", {"sku": f"article-{n} " + "x" * 400})) for n in range(8)]


@pytest.fixture(autouse=True)
def notes(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


@pytest.fixture(autouse=True)
def summary(demo: Demo) -> None:
    demo.plays({"say": "They looked at articles."}, when="^The conversation:", name="a-summary")


def test_a_context_that_is_too_long_is_told_in_short_and_asked_again(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    demo.plays(*LOOKS, TOO_LONG, when="^look")
    demo.plays({"say": "Enough."}, when="in short", name="b-after")
    execution = drive(begin("look", tools=["agents.stock"]))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"] == "Enough."
    found = dict(steps(execution))
    assert found["/turn/9"] == "FAILED"
    assert found["/compact/10"] == "SUCCEEDED"
    assert found["/turn/10"] == "SUCCEEDED"
    assert verify(execution) is None
    begins = step(execution, "/turn/10").input["begins"]
    assert begins["path"] == "/compact/10"
    # The last two turns stay as they are.
    assert begins["keeps"] == 4
    # What the telling in short used counts, too.
    read = [
        step(execution, path).output["usage"] for path in ("/turn/1", "/compact/10", "/turn/10")
    ]
    assert execution.output["usage"]["output_tokens"] > sum(each["output_tokens"] for each in read)


def test_what_is_too_long_once_more_stops_the_run(begin: Begin, drive: Drive, demo: Demo) -> None:
    demo.plays(*LOOKS, TOO_LONG, when="^look")
    demo.plays(TOO_LONG, when="in short", name="b-after")
    execution = drive(begin("look", tools=["agents.stock"]))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/10")
    assert "context too long" in execution.failure_reason


def test_what_a_person_says_cannot_be_told_in_short(begin: Begin, drive: Drive, demo: Demo) -> None:
    demo.plays(TOO_LONG)
    execution = drive(begin("look"))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/1")


def test_near_what_a_model_reads_it_is_told_in_short_before_the_next_turn(
    begin: Begin, drive: Drive, demo: Demo, model: LanguageModel
) -> None:
    LanguageModel.objects.filter(pk=model.pk).update(context_tokens=1_000)
    demo.plays(*LOOKS, {"say": "Never."}, when="^look")
    demo.plays({"say": "Enough."}, when="in short", name="b-after")
    execution = drive(begin("look", tools=["agents.stock"]))
    assert execution.output["text"] == "Enough."
    assert "FAILED" not in dict(steps(execution)).values()
    assert [path for path, _ in steps(execution) if path.startswith("/compact")]


def test_what_does_not_shrink_asks_a_person(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(*LOOKS, TOO_LONG, when="^look")
    demo.plays({"say": "word " * 4_000}, when="^The conversation:", name="a-summary")
    demo.plays({"say": "Enough."}, when="in short", name="b-after")
    execution = drive(begin("look", tools=["agents.stock"]))
    assert (execution.phase, execution.current_step) == (Phase.WAITING, "/ask/compact/10")
    answer(execution, alice, "go_on")
    assert drive(execution).output["text"] == "Enough."


def test_a_restore_to_before_it_goes_on_with_the_whole_conversation(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    alice.is_superuser = True
    alice.save()
    demo.plays(*LOOKS, TOO_LONG, when="^look")
    demo.plays({"error": 400}, when="in short", name="b-after")
    execution = drive(begin("look", tools=["agents.stock"]))
    assert execution.current_step == "/turn/10"
    demo.plays(*LOOKS, {"say": "All of it: {message}"}, when="^look")
    place = step(execution, "/turn/8/call/1").seq or 0
    restore(execution.pk, confirmed(alice), place, reason="another model reads more")
    assert drive(execution).output["text"] == "All of it: look"
    assert "/compact/10" not in dict(steps(execution))


def test_a_run_that_goes_on_from_it_knows_what_was_told_in_short(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(*LOOKS, TOO_LONG, when="^look")
    demo.plays({"say": "Enough."}, when="in short", name="b-after")
    first = drive(begin("look", tools=["agents.stock"]))
    agent = first.agent
    assert agent is not None
    demo.plays({"say": "Hello again."}, when="^more", name="c")
    drive(start_agent(agent, alice, message="more", from_run=first.public_id))
    read = [entry["input_tokens"] for entry in demo.ledger()]
    # Less than what the whole conversation had: a part of it is told in short.
    assert read[-1] < read[8]


def test_to_dos_stand_in_what_is_told_in_short_word_by_word(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    items = [
        {"text": "Weigh the tea", "status": "in_progress"},
        {"text": "Wrap it", "status": "pending"},
    ]
    demo.plays(calls(("to_dos", {"items": items})), *LOOKS, TOO_LONG, when="^look")
    demo.plays({"say": "{message}"}, when="in short", name="b-after")
    execution = drive(begin("look", tools=["agents.stock", "to_dos"]))
    text = execution.output["text"]
    assert "They looked at articles." in text
    assert "- [in_progress] Weigh the tea\n- [pending] Wrap it" in text
    assert step(execution, "/turn/1/call/1").output == "Noted: 0 of 2 are done."
    turns = reading.turns_of(load_records(execution.pk))
    assert reading.todos_of(turns) == {
        "1": {"content": "Weigh the tea", "status": "IN_PROGRESS"},
        "2": {"content": "Wrap it", "status": "PENDING"},
    }
    short = turns[-1].short
    assert short is not None
    assert short.text == "They looked at articles."
    assert reading.usage_of(turns) == execution.output["usage"]
