"""A run of an agent: turns, tool calls, approvals, each step once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions.models import Ask, Execution, LanguageModel, Step
from executions.states import Phase
from executions.verbs.asks import Answer, respond
from executions.verbs.deciding.control import pause, resume
from executions.verbs.deciding.decisions import recover, retry, skip
from executions.verbs.deciding.restore import checkpoints, preview, restore
from tests.agents.conftest import Demo, answer, calls, step, steps
from tests.people import confirmed

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


@pytest.fixture(autouse=True)
def notes(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))
    return tmp_path / "notes"


def noted(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def test_an_agent_answers_and_says_what_it_cost(begin: Begin, drive: Drive, demo: Demo) -> None:
    demo.plays({"say": "Good morning to you."})
    execution = drive(begin("hello"))
    assert execution.phase == Phase.COMPLETED
    assert execution.output["text"] == "Good morning to you."
    assert execution.output["turns"] == 1
    used = execution.output["usage"]
    assert used["output_tokens"] == 5
    # 1 and 10 for a million tokens.
    assert float(execution.output["cost"]) == pytest.approx(
        (used["input_tokens"] + 10 * used["output_tokens"]) / 1e6
    )
    assert steps(execution) == [("/start", "SUCCEEDED"), ("/turn/1", "SUCCEEDED")]


def test_tools_are_called_and_their_results_go_to_the_next_turn(
    begin: Begin, drive: Drive, demo: Demo, notes: Path
) -> None:
    demo.plays(
        calls(
            ("agents_stock", {"sku": "tea"}), ("agents_stock", {"sku": "cup"}), say="Let me see."
        ),
        {"say": "The last one: {result}"},
    )
    execution = drive(begin("what is there?", tools=["agents.stock"]))
    assert execution.output["text"] == 'The last one: {"sku": "cup", "available": 7}'
    assert sorted(noted(notes)) == ["stock cup", "stock tea"]
    assert [path for path, _ in steps(execution)] == [
        "/start",
        "/turn/1",
        "/turn/1/call",
        "/turn/1/call/1",
        "/turn/1/call/2",
        "/turn/2",
    ]
    assert len(demo.billed()) == 2


def test_the_conversation_is_stored_once_and_a_turn_keeps_a_recipe(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    call = calls(("agents_stock", {"sku": "tea"}))
    demo.plays(call, call, {"say": "Enough."})
    execution = drive(begin("look twice", tools=["agents.stock"]))
    sends = [step(execution, f"/turn/{number}").input["sends"] for number in (1, 2, 3)]
    assert [[path for path, _ in each] for each in sends] == [
        [""],
        ["/turn/1", "/turn/1/call/1"],
        ["/turn/2", "/turn/2/call/1"],
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("nobody/knows this", {}, "There is no tool nobody_knows_this"),
        ("agents_stock", "{not json", "no JSON object"),
        ("agents_stock", {"sku": 5}, "does not fit"),
        ("agents_stock", {}, "does not fit"),
    ],
)
def test_a_call_that_cannot_be_made_goes_back_to_the_model(
    begin: Begin, drive: Drive, demo: Demo, notes: Path, name: str, arguments: Any, said: str
) -> None:
    demo.plays(calls((name, arguments)), {"say": "I see: {result}"})
    execution = drive(begin("try it", tools=["agents.stock"]))
    assert execution.phase == Phase.COMPLETED
    assert said in execution.output["text"]
    assert ("/turn/1/call/1", "FAILED") in steps(execution)
    assert noted(notes) == []


def test_a_tools_own_error_goes_back_to_the_model(begin: Begin, drive: Drive, demo: Demo) -> None:
    demo.plays(calls(("agents_fails", {"why": "no such order"})), {"say": "{result}"})
    execution = drive(begin("try it", tools=["agents.fails"]))
    assert "no such order" in execution.output["text"]


def test_three_calls_in_a_row_that_cannot_be_made_ask_a_person(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(calls(("unknown", {"a": 1})), calls(("unknown", {"a": 2})), calls(("unknown", {})))
    execution = drive(begin("try it", tools=["agents.stock"]))
    assert (execution.phase, execution.current_step) == (Phase.WAITING, "/ask/confused/3")
    answer(execution, alice, "stop")
    execution = drive(execution)
    assert execution.phase == Phase.FAILED
    assert "alice stopped the run" in execution.failure_reason


def test_the_same_call_with_the_same_result_three_times_asks_a_person(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    call = calls(("agents_stock", {"sku": "tea"}))
    demo.plays(call, call, call, {"say": "Done."})
    execution = drive(begin("look", tools=["agents.stock"]))
    assert execution.current_step == "/ask/loop/3"
    answer(execution, alice, "go_on")
    assert drive(execution).output["text"] == "Done."


def test_a_destructive_tool_is_called_once_and_only_when_a_person_approves(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(calls(("agents_refund", {"order": "o-1", "amount": 9.5})), {"say": "{result}"})
    execution = drive(begin("refund it", tools=["agents.refund"]))
    assert (execution.phase, execution.current_step) == (Phase.WAITING, "/turn/1/ask/1")
    assert noted(notes) == []
    answer(execution, alice, "approve")
    execution = drive(execution)
    assert execution.output["text"] == "refunded 9.5 for o-1"
    assert [line.rpartition(" ")[0] for line in noted(notes)] == ["refund o-1 9.5"]


def test_a_person_approves_with_other_arguments_and_the_model_is_told(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(calls(("agents_refund", {"order": "o-1", "amount": 9.5})), {"say": "{result}"})
    execution = drive(begin("refund it", tools=["agents.refund"]))
    answer(execution, alice, "approve", form={"order": "o-1", "amount": 5.0})
    text = drive(execution).output["text"]
    assert "refunded 5 for o-1" in text
    assert "alice changed the arguments" in text


def test_a_person_rejects_with_a_word_to_the_model(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(calls(("agents_refund", {"order": "o-1", "amount": 9.5})), {"say": "{result}"})
    execution = drive(begin("refund it", tools=["agents.refund"]))
    answer(execution, alice, "deny", comment="ask the customer first")
    execution = drive(execution)
    assert execution.output["text"] == "alice rejected this call: ask the customer first"
    assert ("/turn/1/call/1", "SKIPPED") in steps(execution)
    assert noted(notes) == []


def test_approved_for_the_rest_of_the_run_is_not_asked_again(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(
        calls(("agents_refund", {"order": "o-1", "amount": 1})),
        calls(("agents_refund", {"order": "o-2", "amount": 2})),
        {"say": "Both."},
    )
    execution = drive(begin("refund both", tools=["agents.refund"]))
    answer(execution, alice, "approve_rest")
    assert drive(execution).output["text"] == "Both."
    assert len(noted(notes)) == 2


def test_nobody_answers_for_a_day_and_the_model_is_told(
    begin: Begin, drive: Drive, demo: Demo, later: Callable[[float], None], notes: Path
) -> None:
    demo.plays(calls(("agents_refund", {"order": "o-1", "amount": 1})), {"say": "{result}"})
    execution = drive(begin("refund it", tools=["agents.refund"]))
    later(86_500)
    assert "Nobody answered in time" in drive(execution).output["text"]
    assert noted(notes) == []


def test_the_agent_asks_a_person(begin: Begin, drive: Drive, demo: Demo, alice: User) -> None:
    demo.plays(calls(("ask_a_person", {"question": "Which size?"})), {"say": "{result}"})
    execution = drive(begin("order a shirt", tools=["ask_a_person"]))
    assert execution.waiting_for == "an answer"
    answer(execution, alice, "answer", form={"answer": "Large"})
    assert drive(execution).output["text"] == "Large"


@pytest.mark.parametrize("error", [429, 500, 503, 529])
def test_what_passes_is_tried_again(begin: Begin, drive: Drive, demo: Demo, error: int) -> None:
    demo.plays({"tries": [{"error": error, "retry_after": 0}, {"say": "Now."}]})
    execution = drive(begin())
    assert execution.output["text"] == "Now."
    assert [entry["status"] for entry in demo.ledger()] == [error, 200]


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ({"error": 401}, "key refused"),
        ({"error": 400}, "rejected"),
        ({"refuse": "I will not."}, "The model refused to answer: I will not."),
        ({"say": "x", "finish": "content_filter"}, "content filter"),
        ({"say": "x", "finish": "length"}, "cut at its limit"),
        ({"error": 400, "code": "context_length_exceeded"}, "context too long"),
    ],
)
def test_what_does_not_pass_stops_the_run_and_says_why(
    begin: Begin, drive: Drive, demo: Demo, answered: dict[str, Any], said: str
) -> None:
    demo.plays(answered)
    execution = drive(begin())
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/1")
    assert said in execution.failure_reason
    assert len(demo.ledger()) == 1


def test_silence_and_a_cut_connection_are_tried_again(
    begin: Begin, drive: Drive, demo: Demo, model: LanguageModel
) -> None:
    LanguageModel.objects.filter(pk=model.pk).update(silence_seconds=1)
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


def test_a_turn_is_tried_again_with_another_model(
    begin: Begin, drive: Drive, demo: Demo, alice: User, model: LanguageModel
) -> None:
    demo.plays({"tries": [{"error": 400}, {"say": "Hello."}]})
    execution = drive(begin())
    assert execution.phase == Phase.FAILED
    model.pk, model.name = None, "other"
    model.save(force_insert=True)
    retry(execution.pk, alice, arguments={"model": "other"})
    execution = drive(execution)
    assert execution.phase == Phase.COMPLETED
    assert step(execution, "/turn/1").output["model"] == "other"


def test_a_limit_asks_whether_it_goes_on(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(
        calls(("agents_stock", {"sku": "tea"})),
        calls(("agents_stock", {"sku": "cup"})),
        {"say": "Done."},
    )
    execution = drive(begin("look", tools=["agents.stock"], limits={"turns": 2}))
    assert execution.current_step == "/ask/turns/1"
    answer(execution, alice, "go_on")
    assert drive(execution).output["text"] == "Done."


def test_a_run_that_stopped_at_a_limit_asks_again_when_it_is_retried(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    call = calls(("agents_stock", {"sku": "tea"}))
    demo.plays(call, {"say": "Done."})
    execution = drive(begin("look", tools=["agents.stock"], limits={"turns": 1}))
    answer(execution, alice, "stop")
    execution = drive(execution)
    assert execution.phase == Phase.FAILED
    assert "used 1 of the 1 requests to the model" in execution.failure_reason
    retry(execution.pk, alice)
    execution = drive(execution)
    answer(execution, alice, "go_on")
    assert drive(execution).phase == Phase.COMPLETED


def test_a_restore_goes_back_to_a_turn_and_pays_only_for_what_comes_after_it(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    alice.is_superuser = True
    alice.save()
    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"tries": [{"error": 400}, {"say": "Ok."}]})
    execution = drive(begin("look", tools=["agents.stock"]))
    assert execution.phase == Phase.FAILED
    turn = next(each for each in checkpoints(execution) if each.path == "/turn/1")
    again = preview(execution.pk, alice, turn.seq).runs_again
    assert [(each.path, each.may_repeat) for each in again] == [
        ("/turn/1/call/1", False),
        ("/turn/2", True),
    ]
    confirmed(alice)
    restored = restore(execution.pk, alice, turn.seq, reason="try the tool again")
    assert restored.next_step == "/turn/1/call/1"
    execution = drive(execution)
    assert execution.output["text"] == "Ok."
    assert noted(notes) == ["stock tea", "stock tea"]
    assert len(demo.billed()) == 2


def test_a_tool_that_failed_for_good_is_skipped_with_a_result_by_hand(
    begin: Begin, drive: Drive, demo: Demo, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.calls.kind.ATTEMPT_SECONDS", 0)
    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"say": "{result}"})
    execution = begin("look", tools=["agents.stock"])
    execution = drive(execution)
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/1/call/1")
    skip(execution.pk, alice, output={"available": 3}, reason="counted by hand")
    assert drive(execution).output["text"] == '{"available": 3}'


def test_a_run_is_paused_between_two_turns_and_goes_on(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays({"say": "Hello."})
    execution = begin()
    pause(execution.pk, alice)
    assert drive(execution).phase == Phase.PAUSED
    resume(execution.pk, alice)
    assert drive(execution).phase == Phase.COMPLETED


def test_a_finished_turn_is_not_asked_again_by_a_recovery(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"tries": [{"error": 400}, {"say": "Ok."}]})
    execution = drive(begin("look", tools=["agents.stock"]))
    recover(execution.pk, alice)
    assert drive(execution).output["text"] == "Ok."
    digests = demo.billed()
    assert len(digests) == len(set(digests)) == 2


def test_a_model_that_somebody_may_not_use_is_refused_before_anything_is_sent(
    begin: Begin, drive: Drive, demo: Demo, model: LanguageModel
) -> None:
    execution = begin()
    LanguageModel.objects.filter(pk=model.pk).update(for_everybody=False)
    execution = drive(execution)
    assert execution.phase == Phase.FAILED
    assert "no model 'demo' that you may use" in execution.failure_reason
    assert demo.ledger() == []


def test_the_journal_of_an_agent_is_chained_like_any_other(
    begin: Begin, drive: Drive, demo: Demo
) -> None:
    from executions.driving.chain import verify

    demo.plays(calls(("agents_stock", {"sku": "tea"})), {"say": "Ok."})
    execution = drive(begin("look", tools=["agents.stock"]))
    assert verify(execution) is None
    changed = Step.objects.get(execution=execution, path="/turn/1")
    Step.objects.filter(pk=changed.pk).update(output={**changed.output, "parts": []})
    assert "/turn/1" in (verify(execution) or "")


def test_calls_of_one_answer_are_asked_about_together_and_those_that_ask_nobody_are_made(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    refunds = [("agents_refund", {"order": f"o-{n}", "amount": n}) for n in (1, 2)]
    demo.plays(calls(*refunds, ("agents_stock", {"sku": "tea"})), {"say": "All."})
    execution = drive(begin("all", tools=["agents.refund", "agents.stock"]))
    assert execution.phase == Phase.WAITING
    assert noted(notes) == ["stock tea"]
    open_asks = Ask.objects.open().filter(execution=execution).order_by("step__path")
    assert [ask.step.path for ask in open_asks] == ["/turn/1/ask/1", "/turn/1/ask/2"]
    respond(open_asks[1], alice, Answer("deny", comment="not this one"))
    execution = drive(execution)
    assert execution.phase == Phase.WAITING
    answer(execution, alice, "approve")
    execution = drive(execution)
    assert execution.output["text"] == "All."
    assert [line.partition(" ~")[0].split()[:2] for line in noted(notes)] == [
        ["stock", "tea"],
        ["refund", "o-1"],
    ]


def test_one_of_several_calls_fails_and_only_that_one_is_made_again(
    begin: Begin, drive: Drive, demo: Demo, alice: User, notes: Path
) -> None:
    demo.plays(
        calls(("agents_stock", {"sku": "tea"}), ("agents_flaky", {"sku": "cup"})),
        {"say": "{result}"},
    )
    execution = drive(begin("both", tools=["agents.stock", "agents.flaky"]))
    assert (execution.phase, execution.current_step) == (Phase.FAILED, "/turn/1/call/2")
    assert ("/turn/1/call/1", "SUCCEEDED") in steps(execution)
    (notes.parent / "mended").touch()
    retry(execution.pk, alice)
    execution = drive(execution)
    assert execution.output["text"] == "mended cup"
    assert noted(notes).count("stock tea") == 1
    assert len(demo.billed()) == 2
