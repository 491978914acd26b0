"""What expressions mean for a walk: whole numbers, whose they are, and waiting that counts
nowhere.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from executions import sealed
from executions.calls.context import Deadline
from executions.driving.attempts import attempt
from executions.language.walking import late
from executions.language.walking.scope import Facts, Scope
from executions.sealed import places
from executions.secrets import Edge, Secrets
from tests.language.walking.walking import BEGAN, Run


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("${ {seconds: (.n/2)} }", 1),
        ("${ {seconds: 1.0} }", 1),
        ("${ {minutes: (.n * 0.5)} }", 60),
        ("${ {milliseconds: (.n * 1000)} }", 2),
        ('${ "PT\\(.n * 2)S" }', 4),
    ],
)
def test_a_computed_duration_may_be_any_whole_number(duration: str, seconds: float) -> None:
    run = Run(f"do: [{{w: {{wait: '{duration}'}}}}]", {"n": 2})
    run.walk()
    assert run.parks == [seconds]


@pytest.mark.parametrize("duration", ["${ {seconds: (.n/4)} }", "${ {seconds: -1} }", "${ 5 }"])
def test_a_duration_that_is_none_is_said(duration: str) -> None:
    ended = Run(f"do: [{{w: {{wait: '{duration}'}}}}]", {"n": 2}).error()
    assert "not a duration" in ended.error.detail


def test_an_expression_that_hangs_fails_its_own_task_in_plain_words() -> None:
    run = Run("do: [{a: {set: {x: '${ def f: f; f }'}}}]")
    ended = run.error()
    assert ended.path == "/a"
    assert ended.error.type.endswith("/expression")
    assert "did not end within 2 s" in ended.error.detail


def test_a_walk_evaluates_in_the_name_of_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    owners = []
    call = sealed.call

    def seen(*arguments: Any, **options: Any) -> bytes:
        owners.append(options["owner"])
        return call(*arguments, **options)

    monkeypatch.setattr(sealed, "call", seen)
    facts = Facts("wex-1", {}, {"n": 1}, BEGAN, {}, {}, owner="7")
    assert facts.scope().including(context={"m": 2}).evaluate("$context.m * .n", {"n": 1}) == 2
    assert facts.scope().resolve({"a": ["${ 1 * 2 }"]}, None) == {"a": [2]}
    assert owners == ["7", "7"]


def test_waiting_for_a_free_child_counts_against_no_time_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The expression waits for half a minute, in which the clock goes on."""
    run = Run(
        "do: [{a: {timeout: {after: {seconds: 10}}, do: [{b: {set: {x: '${ . + 1 }'}}},"
        " {c: {call: python, with: {function: f}}}]}}]",
        1,
    )
    evaluate = Scope.evaluate

    def slowly(scope: Scope, source: str, value: Any) -> Any:
        run.now += timedelta(seconds=30)
        places.note_waited(30)
        return evaluate(scope, source, value)

    def resolve(scope: Scope, template: Any, value: Any) -> Any:
        return {"x": slowly(scope, ". + 1", value)} if template != {"function": "f"} else template

    monkeypatch.setattr(Scope, "resolve", resolve)
    run.output()
    limit = run.asked[0].deadline_at
    assert limit is not None
    assert (limit - BEGAN).total_seconds() == 40


def test_waiting_for_a_child_over_secrets_counts_against_no_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def filled(*arguments: Any, **options: Any) -> dict[str, Any]:
        places.note_waited(30)
        return {"x": 1}

    monkeypatch.setattr(late, "filled", filled)
    step = SimpleNamespace(control={"late": {"/x": {}}}, arguments={"x": None})
    edge = Edge(Secrets({}, "nonce12345"), frozenset(), is_old=False)
    context = SimpleNamespace(secrets=edge, owner="7", deadline=Deadline(5))
    request: Any = SimpleNamespace(step=step, input=None)
    assert attempt._arguments(request, context) == {"x": 1}  # type: ignore[arg-type]
    assert context.deadline.remaining() > 20
