"""A finished run walked again with no model and no tool: nothing differs, or it is said where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from executions.agents.replaying import Replayed
from executions.driving.replays import replay
from executions.errors import Refused
from executions.intake.agents import apply_agent
from executions.intake.skills import apply_skill
from executions.intake.start import start_agent
from executions.models import Event, Execution, LanguageModel, Step
from executions.states import Phase
from executions.verbs.deciding.decisions import retry
from tests.agents.conftest import AGENT, Demo, answer, calls

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
REFUND = ("agents_refund", {"order": "1", "amount": 5})
STOCK = ("agents_stock", {"sku": "tea"})
TOOLS = ["agents.stock", {"function": "agents.refund", "approval": "always"}, "to_dos"]
NOTE = ("to_dos", {"items": [{"text": "Look", "status": "completed"}]})


@pytest.fixture(autouse=True)
def functions(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))


def _text(**other: Any) -> str:
    return yaml.safe_dump(AGENT | {"tools": TOOLS} | other)


def _said(found: Replayed) -> list[tuple[str, str]]:
    return [(each.path, each.text) for each in found.differences]


@pytest.fixture
def finished(begin: Begin, drive: Drive, demo: Demo, alice: User) -> Execution:
    """Parallel calls, a call of an unknown tool, an approval with an edit, to-dos, an answer."""
    demo.plays(
        calls(STOCK, NOTE, ("nonsense", {})),
        calls(REFUND),
        {"say": "Done: {result}"},
    )
    execution = drive(begin("order 1", tools=TOOLS))
    answer(execution, alice, "approve", form={"order": "1", "amount": 3})
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    return execution


def test_as_its_own_version_nothing_differs_and_nothing_happens(
    finished: Execution, demo: Demo, tmp_path: Path
) -> None:
    demo.server.stop()
    notes = (tmp_path / "notes").read_text()
    rows = [model.objects.count() for model in (Step, Event)]
    found = replay(finished)
    assert (found.turns, found.calls, found.is_whole) == (3, 2, True)
    assert found.differences == []
    assert (tmp_path / "notes").read_text() == notes
    assert [model.objects.count() for model in (Step, Event)] == rows


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"instructions": "Answer in two sentences."}, [("/start", "Other instructions.")]),
        ({"tools": [*TOOLS, "ask_a_person"]}, [("/start", "The tool ask_a_person is new.")]),
        (
            {"tools": ["agents.stock", "to_dos"]},
            [
                ("/start", "The tool agents_refund is gone."),
                ("/turn/2/call/1", "It would give something else."),
                ("/turn/3", "The model would be asked with other messages."),
                ("/turn/2/ask/1", "May agents_refund be called?: this would not happen."),
            ],
        ),
        (
            {
                "tools": [
                    "agents.stock",
                    {"function": "agents.refund", "approval": "never"},
                    "to_dos",
                ]
            },
            [
                ("/start", "The tool agents_refund is otherwise: asks_first."),
                ("/turn/2/ask/1", "May agents_refund be called?: this would not happen."),
            ],
        ),
        (
            {"tools": [{"function": "agents.stock", "approval": "always"}, *TOOLS[1:]]},
            [
                ("/start", "The tool agents_stock is otherwise: asks_first."),
                ("/turn/1/ask/1", "It would ask a person: May helper call agents_stock with"),
            ],
        ),
        (
            {"limits": {"turns": 2}},
            [("/ask/turns/1", "It would ask a person: The run has used 2 of the 2 requests")],
        ),
        (
            {"output": {"schema": {"type": "object"}}},
            [("/turn/4", "It would ask the model again here, of which the journal knows nothing.")],
        ),
        ({"tools": ["agents.nothing"]}, [("/start", "It would not start: The tool")]),
        ({"skills": ["tea"]}, [("/start", "It would not start: There is no skill 'tea'")]),
    ],
)
def test_another_version_says_where_it_would_do_something_else(
    finished: Execution, other: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = replay(finished, text=_text(**other))
    said = [(path, text) for path, text in _said(found) if (path, text) not in expected]
    for path, begins in expected:
        assert any(at == path and text.startswith(begins) for at, text in _said(found)), said


def test_a_version_by_its_number_and_only_runs_that_have_ended(
    finished: Execution, begin: Begin, demo: Demo, alice: User
) -> None:
    second = apply_agent(_text(instructions="Answer in two sentences."), alice).version
    assert replay(finished, number=1).differences == []
    assert _said(replay(finished, number=second.number)) == [("/start", "Other instructions.")]
    with pytest.raises(Refused, match="no version 9"):
        replay(finished, number=9)
    with pytest.raises(Refused, match="only a run that has ended"):
        replay(start_agent(finished.agent, alice, message="again"))


def test_what_people_decided_is_taken_as_it_stands(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(
        {"tries": [{"error": 400}, calls(STOCK, usage={"input_tokens": 5, "output_tokens": 5})]},
        calls(REFUND),
        {"say": "Done."},
    )
    LanguageModel.objects.create(
        name="other", address=LanguageModel.objects.get().address, remote_name="demo"
    )
    execution = drive(begin("order 1", tools=TOOLS))
    assert execution.phase == Phase.FAILED
    retry(execution.pk, alice, arguments={"model": "other"})
    execution = drive(execution)
    answer(execution, alice, "deny", comment="Not today")
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert replay(execution).differences == []


def test_a_run_that_failed_is_walked_to_where_it_failed(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    demo.plays(calls(STOCK), {"error": 400})
    execution = drive(begin("order 1", tools=TOOLS))
    assert execution.phase == Phase.FAILED
    found = replay(execution)
    assert (found.differences, found.is_whole) == ([], True)


def test_skills_are_compared_by_their_digests(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    text = "---\nname: Tea\ndescription: How.\n---\n%s\n"
    apply_skill(text % "Hot.", alice)
    demo.plays(calls(("read_skill", {"name": "tea"})), {"say": "{result}"})
    execution = drive(begin("How?", skills=["tea"]))
    assert replay(execution).differences == []
    apply_skill(text % "Cold.", alice)
    assert replay(execution).differences == []
    found = replay(
        execution, text=yaml.safe_dump(AGENT | {"skills": ["tea"], "labels": {"a": "b"}})
    )
    assert ("/start", "The skill tea is otherwise: digest.") in _said(found)
    assert ("/turn/1/call/1", "It would give something else.") in _said(found)


def test_it_goes_on_from_the_runs_before_it(
    finished: Execution, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays({"say": "Good."})
    again = start_agent(finished.agent, alice, message="and?", from_run=finished.public_id)
    again = drive(again)
    assert again.phase == Phase.COMPLETED, again.failure_reason
    assert replay(again).differences == []
