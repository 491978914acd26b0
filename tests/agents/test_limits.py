"""How far runs go: what they cost, what agents use to whom work is handed, and how deep that goes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User

from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.models import Ask, Execution, LanguageModel
from executions.states import Phase
from tests.agents.conftest import AGENT, Demo, answer, calls, step

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


@pytest.fixture(autouse=True)
def functions(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STIGMER_FUNCTION_MODULES = ["tests.agents.functions"]
    monkeypatch.setenv("STIGMER_TEST_NOTES", str(tmp_path / "notes"))


@pytest.fixture
def family(drive: Drive) -> Drive:
    """Drive a run, and each run that it starts, until nothing moves any more."""

    def driven(execution: Execution) -> Execution:
        while True:
            seen = drive(execution)
            before = list(_phases(execution))
            for child in Execution.objects.filter(parent=execution, phase="PENDING"):
                driven(child)
            for child in Execution.objects.filter(parent=execution, phase="WAITING"):
                driven(child)
            if list(_phases(execution)) == before or seen.phase == Phase.COMPLETED:
                return drive(execution)

    return driven


@pytest.fixture
def whole_family(drive: Drive) -> Drive:
    """The same, however deep runs stand below each other."""

    def driven(execution: Execution) -> Execution:
        before = None
        while (now := [(each.pk, each.phase) for each in _below(execution)]) != before:
            before = now
            drive(execution)
            for child in _below(execution):
                if child.phase in (Phase.PENDING, Phase.WAITING):
                    drive(child)
        return drive(execution)

    return driven


def _phases(execution: Execution) -> Any:
    return Execution.objects.filter(parent=execution).order_by("id").values_list("phase", flat=True)


def _stock(sku: str) -> dict[str, Any]:
    return calls(
        ("agents_stock", {"sku": sku}), usage={"input_tokens": 1_000, "output_tokens": 100}
    )


def test_at_its_cost_a_run_asks_and_goes_on_with_as_much_again(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    # By the prices of the fixture each of these turns costs 0.002.
    demo.plays(_stock("a"), _stock("b"), _stock("c"), {"say": "Done."})
    execution = drive(begin("look", tools=["agents.stock"], limits={"cost": 0.003}))
    assert execution.current_step == "/ask/cost/1", execution.failure_reason
    asked = Ask.objects.open().get(execution=execution).prompt
    assert asked == (
        "The run has cost 0.004 of the 0.003 that it may cost. Shall it go on with 0.003 more?"
    )
    answer(execution, alice, "go_on")
    execution = drive(execution)
    assert execution.current_step == "/ask/cost/2"
    answer(execution, alice, "stop")
    execution = drive(execution)
    assert execution.phase == Phase.FAILED
    assert "The run has cost 0.006 of the 0.006 that it may cost." in execution.failure_reason


def test_a_limit_of_a_cost_that_nobody_knows_says_so(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(_stock("a"), _stock("b"), {"say": "Done."})
    LanguageModel.objects.update(input_price=None)
    execution = drive(begin("look", tools=["agents.stock"], limits={"cost": 5}))
    assert execution.current_step == "/ask/unknown_cost/1"
    assert "is not known, so its limit is not kept" in Ask.objects.open().get().prompt
    answer(execution, alice, "go_on")
    assert drive(execution).phase == Phase.COMPLETED


def test_a_run_may_be_given_less_than_its_agent_and_not_more(
    begin: Begin, drive: Drive, demo: Demo, alice: User
) -> None:
    demo.plays(_stock("a"), _stock("b"), {"say": "Done."})
    begun = begin("look", tools=["agents.stock"], limits={"turns": 2})
    for given, at in (
        ({"turns": 1}, "/ask/turns/1"),
        ({"turns": 900, "toolCalls": 1}, "/ask/calls/1"),
    ):
        execution = drive(start_agent(begun.agent, alice, message="look", limits=given))
        assert execution.current_step == at, (given, execution.failure_reason)
    execution = drive(start_agent(begun.agent, alice, message="look", limits={"turns": 900}))
    assert execution.current_step == "/ask/turns/1"


def test_what_an_agent_uses_to_whom_work_is_handed_counts_as_the_runs_own(
    begin: Begin, family: Drive, demo: Demo, alice: User
) -> None:
    handed = calls(
        ("agent_clerk", {"message": "count"}), usage={"input_tokens": 10, "output_tokens": 5}
    )
    two = calls(
        ("agent_clerk", {"message": "count"}),
        ("agent_clerk", {"message": "count"}),
        usage={"input_tokens": 10, "output_tokens": 5},
    )
    demo.plays(handed, two, {"say": "Done."}, when="boss")
    demo.plays(
        {"say": "Seven.", "usage": {"input_tokens": 600, "output_tokens": 100}},
        when="count",
        name="clerk",
    )
    apply_agent(yaml.safe_dump(AGENT | {"name": "clerk"}), alice)
    tools = [{"agent": "clerk", "approval": "never"}]
    limits = {"tokens": 2_000, "cost": 0.005}
    execution = family(begin("boss", tools=tools, limits=limits))
    # 15 + 700 + 15 + 2 × 700 tokens.
    assert execution.current_step == "/ask/tokens/1", execution.failure_reason
    assert "has used 2,130 of the 2,000 tokens" in Ask.objects.open().get().prompt
    first = step(execution, "/turn/1/call/1").arguments["limits"]
    assert first == {"depth": 2, "tokens": 1_985, "seconds": first["seconds"], "cost": 0.00494}
    second = [step(execution, f"/turn/2/call/{n}").arguments["limits"] for n in (1, 2)]
    # What is left is shared by the two: (2,000 - 730) / 2.
    assert [each["tokens"] for each in second] == [635, 635]


def _boss_and_clerks(alice: User, demo: Demo, workflow: str) -> None:
    """A boss that runs a workflow, which asks clerks; each clerk uses 700 tokens, for 0.0016."""
    from executions.intake.apply import apply_definition
    from tests.driving.conftest import HEAD

    handed = calls(("run_office", {}), usage={"input_tokens": 10, "output_tokens": 5})
    demo.plays(handed, handed, {"say": "Done."}, when="boss")
    demo.plays(
        {"say": "Seven.", "usage": {"input_tokens": 600, "output_tokens": 100}},
        when="count",
        name="clerk",
    )
    apply_agent(yaml.safe_dump(AGENT | {"name": "clerk"}), alice)
    apply_definition(HEAD % "office" + workflow, alice)


OFFICE = [{"workflow": "office", "namespace": "tests", "approval": "never"}]
TWO_CLERKS = """
do:
- beside:
    fork:
      branches:
      - one: {call: agent, with: {agent: clerk, message: count}}
      - two: {call: agent, with: {agent: clerk, message: count, limits: {tokens: 300}}}
- last: {call: agent, with: {agent: clerk, message: count}}
"""
FURTHER = """
do:
- on: {run: {workflow: {namespace: tests, name: office, version: latest, input: {}}}}
"""


def _below(execution: Execution) -> list[Execution]:
    found = []
    for child in Execution.objects.filter(parent=execution).order_by("id"):
        found += [child, *_below(child)]
    return found


@pytest.mark.parametrize("is_deep", [False, True])
def test_what_agents_use_counts_as_the_runs_own_also_by_way_of_a_workflow(
    begin: Begin, whole_family: Drive, demo: Demo, alice: User, is_deep: bool
) -> None:
    from executions.intake.apply import apply_definition
    from tests.driving.conftest import HEAD

    _boss_and_clerks(alice, demo, TWO_CLERKS)
    tools = OFFICE
    if is_deep:
        apply_definition(HEAD % "further" + FURTHER, alice)
        further = {"workflow": "further", "namespace": "tests", "name": "run_office"}
        tools = [further | {"approval": "never"}]
    limits = {"tokens": 4_015, "cost": 1}
    # A workflow that runs others may have read the web: the agent trusts it all the same.
    execution = whole_family(begin("boss", tools=tools, limits=limits, trust="all"))
    # 15 + 3 × 700 + 15 + 3 × 700 tokens.
    assert execution.current_step == "/ask/tokens/1", execution.failure_reason
    assert "has used 4,230 of the 4,015 tokens" in Ask.objects.open().get().prompt
    asked = [each for each in _below(execution) if each.kind == "agent"]
    given = [each.input["limits"] for each in asked]
    # Of 4,000 each of two branches has a half; the third what they have left.
    assert [each["tokens"] for each in given[:3]] == [2_000, 300, 2_600]
    # 4,000 - 2,100 - 15 are left for the second call.
    assert [each["tokens"] for each in given[3:]] == [942, 300, 485]
    assert {each["depth"] for each in given} == {2}
    assert given[0]["cost"] == pytest.approx((1 - 0.00006) / 2)
    answer(execution, alice, "go_on")
    output = whole_family(execution).output
    assert output["usage"]["input_tokens"] == 20 + 6 * 600 + _last_turn(demo)["input_tokens"]
    assert Decimal(output["cost"]) > 6 * Decimal("0.0016")


def _last_turn(demo: Demo) -> dict[str, Any]:
    return next(each for each in reversed(demo.ledger()) if each["script"] == "test")


def test_a_workflow_in_between_does_not_make_it_deeper(
    begin: Begin, whole_family: Drive, demo: Demo, alice: User
) -> None:
    _boss_and_clerks(alice, demo, TWO_CLERKS)
    execution = whole_family(begin("boss", tools=OFFICE, limits={"depth": 0}))
    assert Execution.objects.filter(agent__slug="clerk").count() == 0
    assert "`limits.depth` of the agent above" in step(execution, "/turn/1/call/1").output["error"]


def test_a_workflow_that_fails_has_used_what_its_agents_used(
    begin: Begin, whole_family: Drive, demo: Demo, alice: User
) -> None:
    failing = "- stop: {raise: {error: {type: https://example.org/no, status: 400, title: No}}}\n"
    _boss_and_clerks(alice, demo, TWO_CLERKS.split("- last")[0] + failing)
    execution = whole_family(begin("boss", tools=OFFICE, limits={"tokens": 1_415}))
    assert execution.current_step == "/ask/tokens/1", execution.failure_reason
    assert "has used 1,415 of the 1,415 tokens" in Ask.objects.open().get().prompt


def test_an_agent_that_failed_has_used_what_it_used(
    begin: Begin, family: Drive, demo: Demo, alice: User
) -> None:
    handed = calls(
        ("agent_clerk", {"message": "count"}), usage={"input_tokens": 10, "output_tokens": 5}
    )
    demo.plays(handed, calls(("agents_stock", {"sku": "b"})), {"say": "Done."}, when="boss")
    demo.plays(
        calls(("agents_stock", {"sku": "a"}), usage={"input_tokens": 600, "output_tokens": 100}),
        {"error": 400},
        when="count",
        name="clerk",
    )
    apply_agent(yaml.safe_dump(AGENT | {"name": "clerk", "tools": ["agents.stock"]}), alice)
    tools = ["agents.stock", {"agent": "clerk", "approval": "never"}]
    execution = family(begin("boss", tools=tools, limits={"tokens": 716}))
    assert execution.current_step == "/ask/tokens/1", execution.failure_reason
    told = step(execution, "/turn/1/call/1").output
    assert "failed" in told["error"] and told["usage"]["input_tokens"] == 600


def test_work_is_handed_on_only_so_deep(
    begin: Begin, family: Drive, demo: Demo, alice: User
) -> None:
    down = {"message": "further"}
    demo.plays(calls(("agent_helper", down)), {"say": "{result}"})
    tools = [{"agent": "helper", "approval": "never"}]
    execution = family(begin("down", tools=tools, limits={"depth": 2}))
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert Execution.objects.count() == 3
    deepest = Execution.objects.order_by("id").last()
    assert deepest is not None
    assert "`limits.depth` of the run is used up" in step(deepest, "/turn/1/call/1").output["error"]
