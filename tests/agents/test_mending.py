"""Putting a run of an agent right: each verb on its turns and its calls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.driving.chain import verify
from executions.errors import Refused
from executions.intake.start import start_agent
from executions.models import Event, Execution
from executions.states import Phase
from executions.verbs.deciding.amend import amend
from executions.verbs.deciding.decisions import retry, skip
from executions.verbs.deciding.restore import BEGINNING, checkpoints, restore
from tests.agents.conftest import Demo, answer, calls, step, steps
from tests.people import confirmed

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
BOTH = [("agents_stock", {"sku": "tea"}), ("agents_stock", {"sku": "cup"})]


@pytest.fixture(autouse=True)
def notes(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


def noted(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def seq_of(execution: Execution, path: str) -> int:
    return step(execution, path).seq or 0


def test_a_result_is_changed_and_what_came_after_it_is_asked_for_again(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"tries": [{"error": 400}]})
    execution = drive(begin("look", tools=["agents.stock"]))
    assert execution.phase == Phase.FAILED
    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"say": "There are {result.available}."})
    amend(execution.pk, alice, seq_of(execution, "/turn/1/call/1"), {"available": 3})
    execution = drive(execution)
    assert execution.output["text"] == "There are 3."
    assert noted(notes) == ["stock tea"]
    assert verify(execution) is None
    assert step(execution, "/turn/1/call/1").control["reason"].endswith("changed by alice")
    assert Event.objects.filter(execution=execution, name="WORKFLOW_STEP_AMENDED").count() == 1


def test_one_of_two_results_is_changed_and_the_other_one_stays(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(calls(*BOTH), {"error": 400})
    execution = drive(begin("look", tools=["agents.stock"]))
    demo.plays(calls(*BOTH), {"say": "{result.available}"})
    amend(execution.pk, alice, seq_of(execution, "/turn/1/call/2"), {"available": 1})
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"] == "1"
    assert sorted(noted(notes)) == ["stock cup", "stock tea"]
    assert verify(execution) is None


def test_what_a_model_said_and_what_is_no_call_is_not_changed(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"error": 400})
    execution = drive(begin("look", tools=["agents.stock"]))
    for path in ("/turn/1", "/start"):
        with pytest.raises(Refused) as refused:
            amend(execution.pk, alice, seq_of(execution, path), "other")
        assert refused.value.code == "invalid"
    with pytest.raises(Refused):
        amend(execution.pk, alice, 9_999, "other")
    assert Execution.objects.get(pk=execution.pk).phase == Phase.FAILED


def test_a_stranger_and_a_run_that_is_complete_are_refused(
    begin: Begin, drive: Drive, demo: Demo, alice: User, bob: User
) -> None:
    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"say": "Done."})
    execution = drive(begin("look", tools=["agents.stock"]))
    seq = seq_of(execution, "/turn/1/call/1")
    with pytest.raises(Refused) as complete:
        amend(execution.pk, alice, seq, "other")
    assert complete.value.code == "wrong_phase"
    with pytest.raises(Refused):
        amend(execution.pk, bob, seq, "other")


def test_a_failed_call_is_made_with_other_arguments_and_the_model_is_told(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(calls(("agents_flaky", {"sku": "tea"})), {"say": "{result}"})
    execution = drive(begin("look", tools=["agents.flaky"]))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/1/call/1")
    (notes.parent / "mended").touch()
    given = {"function": "agents.flaky", "arguments": {"sku": "cup"}}
    retry(execution.pk, alice, arguments=given)
    text = drive(execution).output["text"]
    assert "mended cup" in text
    assert 'changed the arguments of this call to {"sku": "cup"}' in text


def test_a_call_that_waits_for_a_person_is_answered_by_hand(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(calls(("agents_refund", {"order": "o-1", "amount": 1})), {"say": "{result}"})
    execution = drive(begin("refund", tools=["agents.refund"]))
    answer(execution, alice, "deny", comment="I did it by hand: r-17")
    assert "r-17" in drive(execution).output["text"]
    assert noted(notes) == []


def test_a_call_that_failed_is_skipped_with_a_result_by_hand(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(calls(*BOTH, ("agents_flaky", {"sku": "x"})), {"say": "{result}"})
    execution = drive(begin("look", tools=["agents.stock", "agents.flaky"]))
    assert execution.current_step == "/turn/1/call/3"
    skip(execution.pk, alice, output="nothing is there", reason="counted")
    assert drive(execution).output["text"] == "nothing is there"


@pytest.fixture
def three(begin: Begin, drive: Drive, demo: Demo, alice: User) -> Execution:
    """A run of three turns, two tools beside each other and one more, that failed in the last."""
    alice.is_superuser = True
    alice.save()
    demo.plays(*_three({"error": 400}))
    return drive(begin("look", tools=["agents.stock"]))


def _three(last: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        calls(*BOTH, say="Two."),
        calls(("agents_stock", {"sku": "whisk"}), say="One."),
        last,
    ]


PLACES = [
    ("", 2, 3),
    ("/turn/1", 1, 3),
    ("/turn/1/call/1", 1, None),
    ("/turn/1/call/2", 1, None),
    ("/turn/1/call", 1, 1),
    ("/turn/2", 0, 1),
    ("/turn/2/call/1", 0, 0),
]


@pytest.mark.parametrize(("path", "turns", "made"), PLACES)
def test_a_run_is_restored_to_every_place_and_pays_only_for_what_comes_after_it(
    three: Execution,
    drive: Drive,
    demo: Demo,
    alice: User,
    notes: Path,
    path: str,
    turns: int,
    made: int | None,
) -> None:
    """``turns`` are answered again beside the last one, and so many calls are ``made`` again."""
    seq = seq_of(three, path) if path else BEGINNING
    assert path == "" or seq in [each.seq for each in checkpoints(three)]
    before, paid = len(noted(notes)), len(demo.billed())
    demo.plays(*_three({"say": "Done."}))
    restore(three.pk, confirmed(alice), seq, reason="another try")
    execution = drive(three)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"] == "Done."
    assert len(demo.billed()) == paid + turns + 1
    if made is not None:
        assert len(noted(notes)) == before + made
    assert verify(execution) is None
    assert [each for each, _ in steps(execution) if each.count("/") == 2] == [
        "/turn/1",
        "/turn/2",
        "/turn/3",
    ]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_run_is_forked_at_every_turn_with_another_text(
    begin: Begin, drive: Drive, demo: Demo, alice: User, turn: int
) -> None:
    demo.plays(*_three({"say": "Done."}))
    first = drive(begin("look", tools=["agents.stock"]))
    assert first.phase == Phase.COMPLETED
    demo.plays({"say": "I heard: {message}"}, when="^other")
    agent = first.agent
    assert agent is not None
    forked = drive(
        start_agent(agent, alice, message="other words", from_run=first.public_id, from_turn=turn)
    )
    assert forked.output["text"] == "I heard: other words"
    before = step(forked, "/start").output["goes_on_from"]
    paths = {str(each.pk): each.path for each in first.steps.all()}
    kept = [paths[key] for key in before["steps"]]
    assert [path for path in kept if path.count("/") == 2] == [
        f"/turn/{number}" for number in range(1, turn + 1)
    ]
    assert first.head_seq == Execution.objects.get(pk=first.pk).head_seq
