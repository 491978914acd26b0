"""The list of steps on a run's page: folded loops, what is read when a row is opened, search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from executions.ids import uuid7
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Attempt, Execution, Step
from executions.states import Phase

As = Callable[[User], Client]
Drive = Callable[[Execution], Execution]

LOOP = """document: {dsl: '1.0.0', namespace: n, name: %s, version: '1.0.0'}
do:
- all:
    for: {each: item, in: '${ .items }'}
    do:
    - check:
        try: [{look: {raise: {error: {type: 'https://x.example/e', status: 409}}}}]
        catch: {do: [{note: {set: {noted: true}}}]}
    - keep: {set: {kept: '${ $item }'}}
- last:
    raise: {error: {type: 'https://x.example/end', status: 500, title: At the end}}
"""


FROM = """document: {dsl: '1.0.0', namespace: n, name: shaped, version: '1.0.0'}
input: {from: '${ {items: [.one, .one]} }'}
do:
- all:
    for: {each: item, in: '${ .items }'}
    do: [{keep: {set: {kept: '${ $item }'}}}]
"""


@pytest.fixture
def looped(alice: User, drive: Drive) -> Callable[[int], Execution]:
    def run(many: int) -> Execution:
        workflow = apply_definition(LOOP % f"loop-{many}", alice).workflow
        return drive(start(workflow, alice, input={"items": list(range(many))}))

    return run


def page(client: Client, execution: Execution, more: str = "", **headers: Any) -> str:
    response = client.get(f"/executions/{execution.public_id}/{more}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_step_that_works_out_the_input_stands_beside_the_loops(
    alice: User, as_: As, drive: Drive
) -> None:
    workflow = apply_definition(FROM, alice).workflow
    execution = drive(start(workflow, alice, input={"one": 1}))
    assert execution.phase == Phase.COMPLETED
    text = page(as_(alice), execution)
    assert ">input</bdi>" in text and "×2 rounds" in text and text.count(">keep</bdi>") == 2
    page(as_(alice), execution, "graph")


def test_a_short_loop_is_shown_with_its_rounds_numbered(
    looped: Callable[[int], Execution], alice: User, as_: As
) -> None:
    execution = looped(2)
    assert execution.phase == Phase.FAILED
    text = page(as_(alice), execution)
    assert "×2 rounds" in text and "round 1" in text and "round 2" in text
    assert text.count(">keep</bdi>") == 2


def test_a_long_loop_is_folded_and_its_rounds_are_read_when_it_is_opened(
    looped: Callable[[int], Execution], alice: User, as_: As
) -> None:
    execution, client = looped(30), as_(alice)
    text = page(client, execution)
    assert "×30 rounds" in text and ">keep</bdi>" not in text
    rounds = page(client, execution, "rounds?of=/all", **{"X-Part": "yes"})
    assert rounds.count('class="group round') == 30 and "<html" not in rounds
    one = page(client, execution, "round?at=/all/@7", **{"X-Part": "yes"})
    assert one.count(">keep</bdi>") == 1
    kept = Step.objects.get(execution=execution, path="/all/@7/keep")
    inside = page(client, execution, f"steps/{kept.public_id}", **{"X-Part": "yes"})
    assert "/all/@7/keep" in inside and "&quot;kept&quot;: 7" in inside
    # Without a script the same addresses are pages.
    assert "<html" in page(client, execution, "rounds?of=/all")


def test_rounds_come_a_hundred_at_a_time_and_those_that_failed_alone(
    looped: Callable[[int], Execution], alice: User, as_: As
) -> None:
    execution, client = looped(3), as_(alice)
    now = timezone.now()
    Step.objects.bulk_create(
        Step(
            id=uuid7(),
            execution=execution,
            path=f"/all/@{number}/more",
            name="more",
            kind="set",
            status="FAILED" if number in (150, 180) else "SUCCEEDED",
            started_at=now,
            finished_at=now,
        )
        for number in range(3, 203)
    )
    text = page(client, execution)
    # The looks that were caught failed, too.
    assert "×203 rounds" in text and "5 failed" in text
    first = page(client, execution, "rounds?of=/all")
    assert first.count('class="group round') == 100 and "after=99" in first
    second = page(client, execution, "rounds?of=/all&after=199")
    assert second.count('class="group round') == 3 and "after=" not in second
    failed = page(client, execution, "rounds?of=/all&only=failed")
    assert failed.count('class="group round') == 5 and "round 151" in failed


def test_where_it_stopped_inside_a_long_loop_is_open(alice: User, as_: As, drive: Drive) -> None:
    text = (
        (LOOP % "stops")
        .replace(
            "- keep: {set: {kept: '${ $item }'}}",
            "- keep: {if: '${ $item == 20 }', raise: {error: {type: 'https://x.example/s', status: 1}}}",
        )
        .replace("status: 1}", "status: 500}")
    )
    execution = drive(
        start(apply_definition(text, alice).workflow, alice, input={"items": list(range(30))})
    )
    assert execution.phase == Phase.FAILED
    shown = page(as_(alice), execution)
    assert "round 21" in shown and "To the one that failed" in shown and "round 20<" not in shown
    assert shown.count('class="group round') == 1


def test_steps_are_found_by_name_and_by_status(
    looped: Callable[[int], Execution], alice: User, as_: As
) -> None:
    execution, client = looped(30), as_(alice)
    assert page(client, execution, "?find=keep").count(">keep</bdi>") == 30
    assert page(client, execution, "?find=@7+keep").count(">keep</bdi>") == 1
    failed = page(client, execution, "?only=failed")
    assert failed.count('class="step"') == 31
    assert "No step matches" in page(client, execution, "?find=nothing-like-it")


def test_what_stopped_it_is_said_once(alice: User, as_: As, failed: Execution) -> None:
    text = page(as_(alice), failed)
    assert (
        failed.failure_reason == "the till is empty" or "the till is empty" in failed.failure_reason
    )
    head, _, rest = text.partition('id="steps"')
    assert "the till is empty" in head
    # The step keeps the whole error as a value; no line repeats it.
    assert 'class="brief"' not in rest


def test_the_log_of_an_attempt_is_titled_once() -> None:
    now = timezone.now()
    attempt = Attempt(number=1, outcome="failed", log="it said so", started_at=now, finished_at=now)
    shown = render_to_string(
        "dashboard/steps/attempt.html", {"attempt": attempt, "step": Step(path="/a", kind="call")}
    )
    assert shown.count(">Log<") == 1 and ">it said so<" in shown


def test_a_path_that_is_none_leads_nowhere(alice: User, as_: As, failed: Execution) -> None:
    client = as_(alice)
    for more in ("rounds?of=charge", "round?at=", "round", f"round?at=/{'a' * 5000}"):
        assert client.get(f"/executions/{failed.public_id}/{more}").status_code == 404


def test_ten_thousand_steps_cost_the_page_a_few_queries_and_little_text(
    looped: Callable[[int], Execution],
    alice: User,
    as_: As,
    django_assert_max_num_queries: Any,
) -> None:
    execution, client = looped(1), as_(alice)
    now = timezone.now()
    Step.objects.bulk_create(
        (
            Step(
                id=uuid7(),
                execution=execution,
                path=f"/all/@{number // 2}/{'ab'[number % 2]}",
                name="ab"[number % 2],
                kind="call",
                status="SUCCEEDED",
                started_at=now,
                finished_at=now,
            )
            for number in range(2, 10_000)
        ),
        batch_size=500,
    )
    with django_assert_max_num_queries(60):
        text = page(client, execution)
    assert "×5,000 rounds" in text and len(text) < 120_000
