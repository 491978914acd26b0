"""What a verb would do, before it is done: recovery onto another version, restore, override, fork,
another result, a restore taken back; and then it is done.
"""

from __future__ import annotations

import pytest

from executions.intake.apply import apply_definition
from executions.models import AuditEntry, Execution, Step
from executions.states import Phase
from tests.api.conftest import HEAD, problem

pytestmark = pytest.mark.database
MENDED = "do:\n- first: {set: {n: 1}}\n- bad: {set: {n: 3}}\n- last: {set: {n: 2}}\n"


@pytest.fixture
def execution(failed):
    return failed()


@pytest.fixture
def path(execution):
    return f"workflow-executions/{execution.public_id}"


def test_recovery_onto_a_newer_version_is_previewed_and_then_done_as_it_was_shown(
    owner, execution, path, drive, alice
):
    apply_definition(HEAD % "failing" + MENDED, alice)
    shown = owner.get(f"{path}/recover?version=2").json()
    assert (shown["fits"], shown["misfits"], shown["broken"]) == (True, [], "")
    assert (shown["present"], shown["version"], shown["kept"]) == (1, 2, 1)
    assert [step["path"] for step in shown["runs_again"]] == ["/bad"]
    assert shown["goes_on"]["how"] == "completes"
    assert shown["seq"] == Execution.objects.get().head_seq == execution.head_seq, (
        "nothing was changed"
    )
    done = owner.post(
        f"{path}/recover", {"version": 2, "reason": "mended"}, If_Match=f'"{shown["seq"]}"'
    )
    assert done.status_code == 200, done.content
    assert done.json()["kept"] == shown["kept"]
    assert drive(execution).phase == Phase.COMPLETED
    decision = next(
        step["decision"]
        for step in owner.get(f"{path}/steps").json()["items"]
        if step["kind"] == "decision"
    )
    assert (decision["version"], decision["reason"]) == (2, "mended")


def test_what_does_not_fit_is_named_by_the_preview_and_by_the_refusal(
    owner, execution, path, alice
):
    apply_definition(HEAD % "failing" + "do:\n- other: {set: {n: 1}}\n", alice)
    shown = owner.get(f"{path}/recover?version=2").json()
    assert not shown["fits"]
    assert shown["misfits"] == [{"path": "/first", "why": "there is no such task any more"}]
    body = problem(owner.post(f"{path}/recover", {"version": 2}), 409, "conflict")
    assert (
        "/first (there is no such task any more)" in body["detail"] and "Restore" in body["remedy"]
    )
    assert Execution.objects.get().phase == Phase.FAILED


def test_the_alias_takes_a_version_too(owner, execution, alice):
    address = f"workflows/{execution.public_id}/recover"
    problem(owner.post(address, {"version": 2}), 422, "invalid")
    apply_definition(HEAD % "failing" + MENDED, alice)
    assert owner.post(address, {"version": 2}).status_code == 200


@pytest.mark.parametrize("version", ["0", "-1", "x", "99999999999", ""])
def test_a_version_that_cannot_be_one_is_refused(owner, path, version):
    problem(owner.get(f"{path}/recover?version={version}"), 422, "invalid")


def test_support_previews_a_restore_and_the_steps_that_run_again_are_those_shown(
    people, execution, path, drive
):
    first = Step.objects.get(path="/first")
    shown = people["support"].get(f"{path}/restore?checkpoint_seq={first.seq}").json()
    assert (shown["checkpoint_path"], shown["kept"]) == ("/first", 1)
    assert [step["path"] for step in shown["runs_again"]] == ["/bad"]
    assert all(not step["may_repeat"] for step in shown["runs_again"])
    whole = people["support"].get(f"{path}/restore?checkpoint_seq=0").json()
    assert [step["path"] for step in whole["runs_again"]] == ["/first", "/bad"]
    problem(people["owner"].get(f"{path}/restore?checkpoint_seq=0"), 403, "forbidden")
    problem(people["support"].get(f"{path}/restore?checkpoint_seq=4711"), 422, "invalid")


def test_a_restore_of_what_has_completed_is_refused_by_its_preview(
    people, execution, path, owner, drive, alice
):
    apply_definition(HEAD % "failing" + MENDED, alice)
    owner.post(f"{path}/recover", {"version": 2})
    assert drive(execution).phase == Phase.COMPLETED
    problem(people["support"].get(f"{path}/restore?checkpoint_seq=0"), 400, "wrong-phase")


def test_an_override_is_one_of_the_phases_that_are_listed(people, execution, path):
    admin = people["admin"]
    listed = admin.get(f"{path}/override").json()
    assert listed == {"seq": execution.head_seq, "phase": "FAILED", "choices": ["CANCELLED"]}
    body = problem(
        admin.post(f"{path}/override", {"phase": "PENDING", "reason": "go"}), 400, "wrong-phase"
    )
    assert "Retry, skip or recover it. Possible now: CANCELLED." in body["remedy"]
    problem(admin.post(f"{path}/override", {"phase": "CANCELLED"}), 422, "invalid")
    stale = {"phase": "CANCELLED", "reason": "withdrawn"}
    problem(admin.post(f"{path}/override", stale, If_Match='"1"'), 412, "stale")
    done = admin.post(f"{path}/override", stale, If_Match=f'"{listed["seq"]}"')
    assert done.status_code == 200, done.content
    assert (done.json()["phase"], done.json()["asked"]) == ("CANCELLED", False)
    entry = AuditEntry.objects.get(verb="override", outcome="done")
    assert (entry.actor_name, entry.reason, entry.before["phase"]) == ("ada", "withdrawn", "FAILED")


def test_who_may_not_override_is_refused_and_that_is_kept(people, path):
    for role in ("owner", "support"):
        problem(
            people[role].post(f"{path}/override", {"phase": "CANCELLED", "reason": "mine"}),
            403,
            "forbidden",
        )
    assert AuditEntry.objects.filter(verb="override", outcome="refused").count() == 2


def test_a_fork_is_previewed_and_begins_with_what_was_shown(owner, execution, path):
    first = Step.objects.get(path="/first")
    shown = owner.get(f"{path}/fork?checkpoint_seq={first.seq}").json()
    assert (shown["checkpoint_path"], shown["kept"], shown["next_step"]) == ("/first", 1, "/bad")
    assert [step["path"] for step in shown["runs_again"]] == ["/bad"]
    assert Execution.objects.count() == 1
    done = owner.post(f"{path}/fork", {"checkpoint_seq": first.seq})
    assert done.status_code == 200, done.content
    assert (done.json()["kept"], done.json()["next_step"]) == (shown["kept"], shown["next_step"])
    problem(owner.get(f"{path}/fork"), 422, "invalid")


def test_a_step_that_is_no_call_has_no_other_result(owner, path):
    seq = Step.objects.get(path="/first").seq
    body = problem(owner.get(f"{path}/amend?step_seq={seq}"), 422, "invalid")
    assert "is no call" in body["detail"]


def test_taking_a_restore_back_is_previewed(people, execution, path, drive):
    support = people["support"]
    problem(support.get(f"{path}/undo-restore"), 409, "conflict")
    restored = support.post(f"{path}/restore", {"checkpoint_seq": 0, "reason": "again"})
    assert restored.status_code == 200, restored.content
    again = drive(execution)
    shown = support.get(f"{path}/undo-restore").json()
    assert (shown["seq"], shown["checkpoint_seq"]) == (again.head_seq, 0)
    for part in ("comes_back", "set_aside"):
        assert [step["path"] for step in shown[part]] == ["/first", "/bad"]
    assert shown["runs_again"] == []
