"""Which operation a call is: its key and its arguments in each try of a block, and what may happen
only once.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from executions.driving.chain import verify
from executions.journal.operation import LONGEST_KEY, Run, key_for
from executions.models import Execution, Step
from executions.states import Phase
from executions.verbs.deciding import decisions
from tests.calls.http.faults import FaultServer
from tests.driving.texts import call, listed

pytestmark = [pytest.mark.database, pytest.mark.django_db]
AGAIN = "catch: {retry: {delay: {milliseconds: 0}, limit: {attempt: {count: 3}}}}"


def post(url: str, more: str = "", body: str = "{n: 1}") -> str:
    arguments = f"{{method: post, endpoint: '{url}', body: {body}}}"
    return f"{{call: http, with: {arguments}{', ' + more if more else ''}}}"


def guarded(block: str, catch: str = AGAIN) -> str:
    return f"do: [{{guarded: {{try: {block}, {catch}}}}}]\n"


@pytest.fixture
def to_rest(drive: Any) -> Any:
    """Drive over all back-offs until it ends or waits for something else."""

    def driven(execution: Execution) -> Execution:
        execution = drive(execution)
        while execution.phase == Phase.WAITING and execution.waiting_for == "back-off":
            execution = drive(execution)
        return execution

    return driven


def keys(server: FaultServer, path: str = "") -> list[str]:
    found = [seen for seen in server.seen if seen.path.startswith(path)]
    return [seen.headers["idempotency-key"] for seen in found]


def bodies(server: FaultServer, path: str) -> list[Any]:
    return [json.loads(seen.body) for seen in server.seen if seen.path.startswith(path)]


ONCE = "metadata: {effect: at_most_once}"
BEGUN = {
    "answered 409": "/status/409",
    "answered 422": "/status/422",
    "answered 503": "/status/503",
    "answered 429": "/status/429",
    "a body that is not what it says": f"/json_text/{b'{nothing'.hex()}",
    "cut in the middle": "/truncated",
    "no answer": "/drop",
    "reset": "/reset",
}


@pytest.mark.parametrize("how", BEGUN)
def test_what_may_happen_only_once_is_sent_once_whatever_is_tried_around_it(
    begin, to_rest, server, alice, how
):
    execution = to_rest(begin(guarded(listed(pay=post(server.url + BEGUN[how], ONCE)))))
    assert len(server.seen) == 1
    assert (execution.phase, execution.waiting_for) == (Phase.WAITING, "decision")
    assert execution.requires_manual_intervention
    assert verify(execution) is None


def test_a_result_that_does_not_fit_is_no_reason_to_send_it_again(begin, to_rest, server):
    wants = f"{ONCE}, output: {{schema: {{document: {{required: [receipt]}}}}}}"
    execution = to_rest(begin(guarded(listed(pay=post(server.url + "/echo", wants)))))
    assert (len(server.seen), execution.waiting_for) == (1, "decision")


PLACES = {
    "in the block": lambda pay, bad: guarded(listed(pay=pay, bad=bad)),
    "in a try inside": lambda pay, bad: guarded(
        f"[{{inner: {{try: {listed(pay=pay, bad=bad)}, {AGAIN}}}}}]"
    ),
    "in a loop inside": lambda pay, bad: guarded(
        f"[{{loop: {{for: {{in: '${{ [1] }}'}}, do: {listed(pay=pay, bad=bad)}}}}}]"
    ),
    "in a task inside": lambda pay, bad: guarded(f"[{{part: {{do: {listed(pay=pay, bad=bad)}}}}}]"),
    "behind a function": lambda pay, bad: (
        f"use: {{functions: {{f: {pay}}}}}\n" + guarded(f"[{{pay: {{call: f}}}}, {{bad: {bad}}}]")
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", ["/status/409", "/echo"])
def test_nor_where_another_step_of_the_block_fails(begin, to_rest, server, place, path):
    bad = "{raise: {error: {type: 'https://example.org/x', status: 500}}}"
    execution = to_rest(begin(PLACES[place](post(server.url + path, ONCE), bad)))
    assert (len(server.seen), execution.waiting_for) == (1, "decision")


def test_proof_that_nothing_was_sent_lets_it_run_again(begin, to_rest, server):
    closed = FaultServer()
    with closed:
        address = closed.url
    execution = to_rest(begin(guarded(listed(pay=post(address + "/echo", ONCE)))))
    assert execution.phase == Phase.FAILED
    tried = Step.objects.filter(name="pay")
    assert len(tried) == 4
    assert {step.control.get("outcome") for step in tried} == {None}


@pytest.fixture
def asked(begin, to_rest, server):
    def make(path: str) -> Execution:
        bad = call("fails", ledger="/nowhere/at/all", times=1)
        block = listed(pay=post(server.url + path, ONCE), bad=bad)
        execution: Execution = to_rest(begin(guarded(block)))
        assert (len(server.seen), execution.waiting_for) == (1, "decision")
        return execution

    return make


def test_a_person_lets_it_run_again_under_the_same_key_once_for_each_word(
    asked, to_rest, server, alice
):
    execution = asked("/status/409")
    for times in (2, 3):
        decisions.decide(execution.pk, alice, "run_again")
        execution = to_rest(execution)
        assert (len(server.seen), execution.waiting_for) == (times, "decision")
    assert len(set(keys(server))) == 1
    assert verify(execution) is None


def test_a_person_says_that_it_happened(asked, to_rest, server, alice):
    execution = asked("/status/409")
    decisions.decide(execution.pk, alice, "mark_done", output={"paid": True})
    execution = to_rest(execution)
    assert len(server.seen) == 1
    assert Step.objects.get(path="/guarded/try@2/pay", superseded_by=None).output == {"paid": True}


def test_a_person_lets_it_fail_and_no_block_tries_it_again(asked, to_rest, server, alice):
    execution = asked("/status/409")
    decisions.decide(execution.pk, alice, "fail", reason="it was refused")
    execution = to_rest(execution)
    assert (execution.phase, execution.failure_reason) == (Phase.FAILED, "it was refused")
    assert len(server.seen) == 1


def test_what_a_person_lets_fail_is_handled_by_the_block(begin, to_rest, server, alice):
    catch = AGAIN[:-1] + ", do: [{mended: {set: {mended: true}}}]}"
    block = listed(pay=post(server.url + "/status/409", ONCE))
    execution = to_rest(begin(guarded(block, catch)))
    decisions.decide(execution.pk, alice, "fail")
    execution = to_rest(execution)
    assert (execution.output, len(server.seen)) == ({"mended": True}, 1)


def test_each_iteration_and_each_visit_is_another_operation(begin, to_rest, server):
    pay = post(server.url + "/echo", ONCE)
    execution = to_rest(
        begin(f"""do:
- start: {{set: {{n: 0}}, export: {{as: {{n: 0}}}}}}
- pay: {pay}
- more: {{set: {{n: '${{ $context.n + 1 }}'}}, export: {{as: '${{ {{n: .n}} }}'}}}}
- back: {{if: '${{ $context.n < 2 }}', set: {{n: 1}}, then: pay}}
- loop: {{for: {{in: '${{ [1, 2] }}'}}, do: [{{pay: {pay}}}]}}
""")
    )
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert len(server.seen) == len(set(keys(server))) == 4


@pytest.mark.parametrize("path", ["/status/503", "/status/409", "/drop", "/reset"])
def test_the_key_is_the_same_in_each_try_for_what_failed_and_for_what_had_succeeded(
    begin, to_rest, server, path
):
    block = listed(before=post(server.url + "/echo"), charge=post(server.url + path))
    execution = to_rest(begin(guarded(block)))
    assert execution.phase == Phase.FAILED
    counted = Counter(keys(server))
    assert sorted(counted.values()) == [4, 4]
    assert {key.split("/", 1)[1] for key in counted} == {
        "guarded/try/before~1",
        "guarded/try/charge~1",
    }


def test_the_key_stands_in_the_step_before_the_call_is_made(begin, to_rest, server):
    execution = to_rest(begin(guarded(listed(charge=post(server.url + "/echo")))))
    assert Step.objects.get(name="charge").control["key"] == keys(server)[0]
    assert execution.phase == Phase.COMPLETED


CHANGES = "{n: '${ now }'}"


@pytest.mark.parametrize(
    ("path", "keys_seen", "bodies_seen"),
    [
        ("/status/503", 1, 1),
        ("/drop", 1, 1),
        ("/status/409", 4, 4),
    ],
)
def test_while_the_outcome_is_unknown_the_same_call_is_made_and_once_it_is_known_another(
    begin, to_rest, server, path, keys_seen, bodies_seen
):
    to_rest(begin(guarded(listed(charge=post(server.url + path, body=CHANGES)))))
    assert len(server.seen) == 4
    assert len(set(keys(server))) == keys_seen
    assert len({seen.body for seen in server.seen}) == bodies_seen
    last = Step.objects.get(path="/guarded/try@4/charge")
    assert (last.control["earlier"].get("arguments") == "others") == (keys_seen == 4)
    assert last.generation == keys_seen


def test_a_call_that_had_succeeded_is_another_one_with_other_arguments(begin, to_rest, server):
    block = listed(
        charge=post(server.url + "/echo", body=CHANGES), bad=post(server.url + "/status/409")
    )
    to_rest(begin(guarded(block)))
    assert len(set(keys(server, "/echo"))) == 4
    assert len(set(keys(server, "/status"))) == 1


def test_the_address_too_is_that_of_the_call_whose_outcome_is_unknown(begin, to_rest, server):
    block = f"""[
  {{pick: {{set: {{code: '${{ if $context.n == 1 then "503" else "200" end }}'}}}}}},
  {{charge: {post(server.url + "/status/{code}")}}}]
"""
    counted = listed(count="{set: {n: 1}, export: {as: '${ {n: (($context.n // 0) + 1)} }'}}")
    inner = f"[{counted[1:-1]}, {block.strip()[1:-1]}]"
    to_rest(begin(guarded(inner)))
    assert {seen.path for seen in server.seen} == {"/status/503"}


def test_a_restore_begins_a_new_operation_that_asks_nobody(begin, to_rest, server, alice):
    from django.contrib.auth.models import User

    from executions.policy import SUPPORT_GROUP
    from executions.verbs.deciding.restore import restore
    from tests.people import in_group

    sam = in_group(User.objects.create_user("sam"), SUPPORT_GROUP)
    block = listed(a="{set: {n: 1}}", pay=post(server.url + "/status/409", ONCE))
    execution = to_rest(begin(guarded(block)))
    assert (len(server.seen), execution.waiting_for) == (1, "decision")
    seq = Step.objects.get(path="/guarded/try@2/a").seq
    assert seq is not None
    restore(execution.pk, sam, seq, reason="again")
    execution = to_rest(execution)
    assert (len(server.seen), execution.waiting_for) == (2, "decision")
    assert len(set(keys(server))) == 2


def test_as_a_new_operation_a_later_try_goes_on_with_the_new_one(begin, to_rest, server, alice):
    catch = "catch: {retry: {delay: {milliseconds: 0}, limit: {attempt: {count: 1}}}}"
    block = listed(charge=post(server.url + "/status/409"))
    execution = to_rest(begin(guarded(block, catch)))
    decisions.retry(execution.pk, alice, as_new_operation=True)
    to_rest(execution)
    assert [key.rsplit("~", 1)[1] for key in keys(server)] == ["1", "1", "2", "2"]


NAMES = ["é", "naïve name", "名前", "x" * 200, 'quo"te', "🎉"]


@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_short_and_plain_whatever_a_task_is_called(begin, to_rest, server, name):
    block = json.dumps(
        [{name: {"do": [{name: {"do": [{"charge": "CHARGE"}]}}]}}], ensure_ascii=False
    )
    text = block.replace('"CHARGE"', post(server.url + "/status/503"))
    to_rest(begin(guarded(text)))
    sent = set(keys(server))
    assert len(server.seen) == 4
    assert len(sent) == 1
    key = sent.pop()
    assert key.isascii() and key.isprintable() and " " not in key
    assert len(key) <= LONGEST_KEY


def test_keys_of_long_names_are_told_apart():
    run = Run("wex-1", 1, 2)
    paths = ["/" + "x" * 300 + tail for tail in ("", "/a", "/@1/a", "/@2/a", "/a#2")]
    made = [key_for(run, path, generation) for path in paths for generation in (1, 2)]
    assert len(set(made)) == 10
    assert all(len(key) <= LONGEST_KEY for key in made)
