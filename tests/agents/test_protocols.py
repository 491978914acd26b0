"""Runs of agents whose models speak Anthropic's protocol, against a real server that is as strict
as the real one: thinking goes back with its signature, each call with its result.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.models import Execution, LanguageModel
from executions.models.language_model import Protocol
from executions.states import Phase
from executions.verbs.deciding.decisions import retry
from tests.agents.conftest import Demo, calls, step, steps

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
BOTH = [
    ("agents_stock", {"sku": "tea"}),
    ("agents_stock", {"sku": "cup"}),
]


@pytest.fixture(autouse=True)
def notes(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


@pytest.fixture
def anthropic(model: LanguageModel) -> LanguageModel:
    model.protocol = Protocol.ANTHROPIC
    model.save()
    return model


def test_thinking_calls_and_results_go_back_as_they_came(
    begin: Begin, drive: Drive, demo: Demo, anthropic: LanguageModel
) -> None:
    demo.plays(
        calls(*BOTH, say="Let me see.", think="Both at once."),
        calls(("agents_stock", {"sku": "whisk"}), think="One more."),
        {"say": "The last one: {result}"},
    )
    execution = drive(begin("what is there?", tools=["agents.stock"]))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert execution.output["text"] == 'The last one: {"sku": "whisk", "available": 7}'
    kinds = [part["type"] for part in step(execution, "/turn/1").output["parts"]]
    assert kinds == ["thinking", "text", "call", "call"]
    assert step(execution, "/turn/1").output["parts"][0]["signature"]
    assert len(demo.billed()) == 3
    used = execution.output["usage"]
    assert used["input_tokens"] > 0
    assert used["output_tokens"] > 0


@pytest.mark.parametrize("error", [429, 500, 529])
def test_what_passes_is_tried_again(
    begin: Begin, drive: Drive, demo: Demo, anthropic: LanguageModel, error: int
) -> None:
    demo.plays({"tries": [{"error": error, "retry_after": 0}, {"say": "Now."}]})
    assert drive(begin()).output["text"] == "Now."
    assert [entry["status"] for entry in demo.ledger()] == [error, 200]


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ({"error": 401}, "key refused"),
        ({"error": 404}, "model not found"),
        ({"error": 400}, "rejected"),
        ({"refuse": "I will not."}, "The model refused to answer: I will not."),
        ({"say": "x", "finish": "length"}, "cut at its limit"),
    ],
)
def test_what_does_not_pass_stops_the_run_and_says_why(
    begin: Begin,
    drive: Drive,
    demo: Demo,
    anthropic: LanguageModel,
    answered: dict[str, Any],
    said: str,
) -> None:
    demo.plays(answered)
    execution = drive(begin())
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/1")
    assert said in execution.failure_reason
    assert len(demo.ledger()) == 1


def test_silence_and_a_cut_connection_are_tried_again(
    begin: Begin, drive: Drive, demo: Demo, anthropic: LanguageModel
) -> None:
    LanguageModel.objects.update(silence_seconds=1)
    silent = {"say": "Hm", "silent": 30}
    demo.plays({"tries": [{"say": "Half an", "cut": True}, silent, {"say": "Now."}]})
    execution = drive(begin())
    assert execution.output["text"] == "Now."
    rules = step(execution, "/turn/1").attempts.order_by("number").values_list("rule", flat=True)
    assert [rule.partition(";")[0] for rule in rules] == [
        "model: answer cut off",
        "model: silent",
        "",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Protocol.ANTHROPIC, Protocol.OPENAI_CHAT),
        (Protocol.OPENAI_CHAT, Protocol.ANTHROPIC),
        # The same protocol: what one model thought is still none of the other's business.
        (Protocol.ANTHROPIC, Protocol.ANTHROPIC),
    ],
)
def test_a_turn_is_retried_with_a_model_of_another_protocol(
    begin: Begin,
    drive: Drive,
    demo: Demo,
    alice: User,
    model: LanguageModel,
    first: str,
    second: str,
) -> None:
    model.protocol = first
    model.save()
    other = LanguageModel(name="other", protocol=second, address=model.address)
    other.remote_name = "demo"
    other.save()
    demo.plays(calls(*BOTH, think="Both."), {"error": 400})
    execution = drive(begin(tools=["agents.stock"]))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/2")
    demo.plays({"say": "Hello from another."})
    retry(execution.pk, alice, arguments={"model": "other"})
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert step(execution, "/turn/2").output["provider"]["protocol"] == second
    assert ("/turn/2", "SUCCEEDED") in steps(execution)


def test_a_protocol_whose_library_is_not_installed_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from executions.mind.protocols import NotInstalled, Protocols

    monkeypatch.setitem(sys.modules, "pydantic_ai.models.google", None)
    said = {"name": "g", "address": "http://127.0.0.1:9/v1beta", "key": "", "remote_name": "g"}
    said |= {"protocol": "google", "silence_seconds": "20"}
    with pytest.raises(NotInstalled, match=r"stigmer\[google\]"):
        Protocols().model(said)
