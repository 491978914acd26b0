"""Effects whose policy leaves errors out, and whose result does not fit what was declared."""

from __future__ import annotations

import pytest

from executions.models import Attempt
from executions.states import Phase
from executions.verbs.deciding import decisions

pytestmark = pytest.mark.database

FAILS = """
do:
- call:
    call: python
    with: {function: tests.fails, arguments: {ledger: %s, times: 1}}
    metadata: {retry: {%s, delay: {seconds: 0}, limit: {attempt: {count: 3}}}}
"""


@pytest.mark.parametrize(
    ("condition", "phase", "tries"),
    [
        ("when: '${ .status == 500 }'", Phase.COMPLETED, 2),
        ("when: '${ .status == 503 }'", Phase.FAILED, 1),
        ("exceptWhen: '${ .status == 500 }'", Phase.FAILED, 1),
    ],
)
def test_a_tasks_own_policy_may_leave_errors_out(begin, drive, ledger, condition, phase, tries):
    execution = drive(begin(FAILS % (ledger.path, condition)))
    assert execution.phase == phase
    assert len(ledger.lines()) == tries


def test_an_error_that_the_policy_leaves_out_says_so(begin, drive, ledger):
    drive(begin(FAILS % (ledger.path, "when: '${ false }'")))
    assert "excludes this error" in Attempt.objects.get().rule


ONCE = """
do:
- note:
    call: python
    with: {function: tests.note_once, arguments: {ledger: %s, line: paid}}
    output: {schema: {document: {type: object, required: [receipt]}}}
"""


def test_what_may_happen_only_once_is_not_called_again_because_its_result_does_not_fit(
    begin, drive, ledger, alice
):
    execution = drive(begin(ONCE % ledger.path))
    assert execution.phase == Phase.FAILED
    decisions.retry(execution.pk, alice)
    assert drive(execution).phase == Phase.FAILED
    assert len(ledger.lines()) == 1


def test_as_a_new_operation_it_is_called_again(begin, drive, ledger, alice):
    execution = drive(begin(ONCE % ledger.path))
    decisions.retry(execution.pk, alice, as_new_operation=True)
    drive(execution)
    assert len(ledger.lines()) == 2
