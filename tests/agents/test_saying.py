"""What a person says while a run works, and what they take back: from the next turn, the next call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions.driving import queued
from executions.driving.approved import take_back
from executions.driving.replays import replay
from executions.errors import Refused
from executions.intake.saying import say
from executions.intake.start import start_agent
from executions.models import AuditEntry, Execution, QueuedMessage
from executions.states import Phase
from tests.agents.conftest import Demo, answer, calls, step, steps

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
ASK = calls(("ask_a_person", {"question": "Now?"}))
REFUND = ("agents_refund", {"order": "1", "amount": 5})


@pytest.fixture(autouse=True)
def functions(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


def test_it_is_taken_at_the_next_turn_and_once(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(ASK, {"say": "First."}, when="hello")
    demo.plays({"say": "You also said: {message}"}, when="^and tea|^cups", name="a-more")
    execution = drive(begin("hello", tools=["ask_a_person"]))
    first, second = say(execution, alice, "and tea"), say(execution, alice, "cups")
    assert [each["id"] for each in queued.left_by(execution.pk)] == [
        first.public_id,
        second.public_id,
    ]
    answer(execution, alice, "answer", form={"answer": "Yes"})
    execution = drive(execution)
    assert execution.output["text"] == "You also said: cups", execution.failure_reason
    said = step(execution, "/turn/2/said").output["messages"]
    assert [(each["text"], each["by"]) for each in said] == [
        ("and tea", "alice"),
        ("cups", "alice"),
    ]
    assert queued.left_by(execution.pk) == []
    assert replay(execution).differences == []
    # Who goes on from here knows it.
    demo.plays({"say": "{message}"}, when="go on", name="a-last")
    again = drive(
        start_agent(execution.agent, alice, message="go on", from_run=execution.public_id)
    )
    assert again.phase == Phase.COMPLETED
    assert replay(again).differences == []
    with pytest.raises(Refused, match="no next turn"):
        say(execution, alice, "too late")


def test_what_comes_in_the_last_turn_is_answered_by_one_more(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays({"say": "First.", "silent": 1.5}, when="hello")
    demo.plays({"say": "And: {message}"}, when="^wait", name="a-more")
    execution = begin("hello")

    def speak() -> None:
        from django.db import connection

        from tests.waiting import until

        until(lambda: len(demo.ledger()) > 0, what="the model was asked")
        say(execution, alice, "wait")
        connection.close()

    speaking = threading.Thread(target=speak)
    speaking.start()
    execution = drive(execution)
    speaking.join()
    if execution.output["text"] == "First.":
        # It came after the last look: the next run of the conversation takes it.
        execution = drive(Execution.objects.exclude(pk=execution.pk).get())
    assert execution.output["text"] == "And: wait"
    assert QueuedMessage.objects.count() == 1


def test_what_is_left_when_a_run_is_completed_begins_the_next_one(
    begin: Begin, drive: Drive, demo: Demo, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo.plays({"say": "You said: {message}"})
    execution = begin("hello")
    say(execution, alice, "one")
    say(execution, alice, "two")
    looked: list[str] = []
    look = queued.waiting

    def too_early(key: Any, taken: Any) -> list[dict[str, Any]]:
        """The walk looks before its turn and after it, each time before they came."""
        looked.append(str(key))
        return [] if len(looked) <= 2 else look(key, taken)

    monkeypatch.setattr(queued, "waiting", too_early)
    execution = drive(execution)
    assert execution.output["text"] == "You said: hello"
    following = Execution.objects.exclude(pk=execution.pk).get()
    assert following.input["message"] == "one\n\ntwo"
    assert following.input["from_run"] == execution.public_id
    assert following.session_id == execution.session_id


def test_only_its_owner_speaks_and_only_to_an_agent_that_works(
    begin: Begin, drive: Drive, demo: Demo, alice: User, bob: User
) -> None:
    execution = begin("hello")
    with pytest.raises(Refused, match="only its owner speaks"):
        say(execution, bob, "hello")
    for text in ("", " \n", "x" * 20_001, "a\0b"):
        with pytest.raises(Refused):
            say(execution, alice, text)


def test_an_approval_for_the_rest_is_taken_back_on_the_page(
    begin: Begin, drive: Drive, demo: Demo, alice: User, bob: User, functions: Path
) -> None:
    demo.plays(calls(REFUND), calls(REFUND), ASK, calls(REFUND), {"say": "Done."})
    execution = drive(begin("pay", tools=["agents.refund", "ask_a_person"]))
    answer(execution, alice, "approve_rest")
    execution = drive(execution)
    assert execution.current_step == "/turn/3/call/1"
    page = Client()
    page.force_login(alice)
    shown = page.get(reverse("execution-conversation", args=[execution.public_id]))
    assert "Take back" in shown.content.decode()
    with pytest.raises(Refused):
        take_back(execution, alice, "ask_a_person")
    with pytest.raises(Refused):
        take_back(execution, bob, "agents_refund")
    address = reverse("take-back", args=[execution.public_id])
    assert page.post(address, {"tool": "agents_refund"}).status_code == 302
    assert AuditEntry.objects.filter(verb="take_back", actor=alice).count() == 1
    answer(execution, alice, "answer", form={"answer": "Yes"})
    execution = drive(execution)
    assert execution.current_step == "/turn/4/ask/1"
    assert functions.read_text().count("refund") == 2
    # Approved anew, it counts again.
    answer(execution, alice, "approve_rest")
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED, steps(execution)
    assert replay(execution).differences == []


def test_the_page_queues_what_is_written_while_it_works(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(ASK, {"say": "You said: {message}"})
    execution = drive(begin("hello", tools=["ask_a_person"]))
    page = Client()
    page.force_login(alice)
    address = reverse("reply", args=[execution.public_id])
    form = {"message": "and <b>tea</b>", "key": "0" * 32}
    for _ in range(2):
        assert page.post(address, form).status_code == 302
    assert QueuedMessage.objects.count() == 1
    talk = reverse("execution-conversation", args=[execution.public_id])
    shown = page.get(talk).content.decode()
    assert "waits for the next turn" in shown and "and &lt;b&gt;tea&lt;/b&gt;" in shown
    answer(execution, alice, "answer", form={"answer": "Yes"})
    drive(execution)
    shown = page.get(talk).content.decode()
    assert "while it worked" in shown and "waits for the next turn" not in shown
