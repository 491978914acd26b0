"""The example that asks a person, as it is shipped."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from django.contrib.auth.models import User

from executions.cli import examples
from executions.intake.apply import apply_definition
from executions.intake.start import start
from executions.models import Ask, Execution
from executions.states import Phase
from executions.verbs.asks import Answer, respond
from tests.driving.crashing import drive_on

pytestmark = pytest.mark.database
Begin = Callable[[int], Execution]


@pytest.fixture
def begin(ann: User, shop: httpx.Client) -> Begin:
    def begun(amount: int) -> Execution:
        workflow = apply_definition(examples.texts()["approve-payment"], ann).workflow
        return drive_on(start(workflow, ann, input={"customer": "Corner Cup", "amount": amount}))

    return begun


def test_a_small_sum_is_charged_without_a_question(begin: Begin, shop: httpx.Client) -> None:
    execution = begin(99)
    assert (execution.phase, execution.output["amount"]) == (Phase.COMPLETED, 99)
    assert not Ask.objects.exists()


def test_a_large_one_is_charged_as_it_was_approved(begin: Begin, ann: User) -> None:
    execution = begin(250)
    assert execution.waiting_for == "an answer"
    ask = Ask.objects.get()
    assert ask.prompt == "Charge 250 EUR to Corner Cup?"
    respond(ask, ann, Answer("approve", {"amount": 200}))
    execution = drive_on(execution)
    assert (execution.phase, execution.failure_reason) == (Phase.COMPLETED, "")
    assert (execution.output["result"], execution.output["amount"]) == ("charged", 200)


def test_what_is_refused_is_not_charged(begin: Begin, ann: User) -> None:
    execution = begin(250)
    respond(Ask.objects.get(), ann, Answer("deny", comment="too much"))
    assert drive_on(execution).output == {"result": "refused", "comment": "too much"}
