from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.intake.apply import apply_definition
from executions.models import AuditEntry, Execution, Notification
from executions.states import Phase
from tests.dashboard.conftest import HEAD

As = Callable[[User], Client]
Drive = Callable[[Execution], Execution]
MENDED = "do:\n  - prepare: {set: {ready: true}}\n  - charge: {set: {paid: true}}\n"


def apply(tasks: str, user: User) -> None:
    apply_definition(HEAD % "fails-alice" + tasks, user)


def text(client: Client, execution: Execution, page: str) -> str:
    response = client.get(f"/executions/{execution.public_id}/{page}")
    assert response.status_code == 200, response.content
    return " ".join(response.content.decode().split())


def do(client: Client, execution: Execution, verb: str, **sent: object) -> int:
    seq = Execution.objects.get(pk=execution.pk).head_seq
    return client.post(
        f"/executions/{execution.public_id}/do/{verb}", {"seq": seq, **sent}
    ).status_code


def phase_of(execution: Execution) -> str:
    return Execution.objects.get(pk=execution.pk).phase


def test_the_newest_version_is_previewed_and_gone_on_with(
    failed: Execution, alice: User, as_: As, drive: Drive
) -> None:
    apply(MENDED, alice)
    client = as_(alice)
    assert f"/executions/{failed.public_id}/recover" in text(client, failed, "")
    page = text(client, failed, "recover")
    assert (
        "The journal fits version 2. 1 finished step stays as it is and does not run again." in page
    )
    assert "it completes at once" in page and '<th scope="row"><bdi>charge</bdi></th>' in page
    assert "v1 (the one that it follows now)" in page and "v2 (the newest)" in page
    assert do(client, failed, "recover", version="2", reason="mended the till") == 302
    assert drive(failed).phase == Phase.COMPLETED
    page = text(client, failed, "audit")
    assert "onto version 2" in page and "mended the till" in page


def test_misfits_are_named_and_there_is_nothing_to_confirm(
    failed: Execution, alice: User, as_: As
) -> None:
    apply("do:\n  - <b>other</b>: {set: {ready: true}}\n", alice)
    page = text(as_(alice), failed, "recover?version=2")
    assert "Version 2 does not fit what was recorded, so nothing would be done." in page
    assert "<bdi>/prepare</bdi></code>: there is no such task any more" in page
    assert "Go on with version" not in page
    assert do(as_(alice), failed, "recover", version="2") == 409
    assert phase_of(failed) == Phase.FAILED


def test_a_version_that_would_fail_again_says_why(failed: Execution, alice: User, as_: As) -> None:
    page = text(as_(alice), failed, "recover?version=1")
    assert (
        "It would fail again at once, at <bdi>charge</bdi>:</strong> <bdi>the till is empty</bdi>"
        in page
    )
    assert "It is the version that it follows already" in page


def test_a_version_that_is_not_there_is_refused(failed: Execution, alice: User, as_: As) -> None:
    response = as_(alice).get(f"/executions/{failed.public_id}/recover?version=9")
    assert response.status_code == 400 and b"no version 9" in response.content


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
def test_what_is_no_version_is_refused(
    version: str, failed: Execution, alice: User, as_: As
) -> None:
    assert do(as_(alice), failed, "recover", version=version) == 400
    assert phase_of(failed) == Phase.FAILED


def test_an_administrator_sets_a_failed_run_aside_and_its_owner_is_told(
    failed: Execution, alice: User, admin: User, as_: As
) -> None:
    client = as_(admin)
    page = text(client, failed, "override")
    assert page.count('type="radio"') == 1 and "only a restore leads back" in page
    assert do(client, failed, "override", phase="CANCELLED", reason=" ") == 400
    assert (
        do(client, failed, "override", phase="CANCELLED", reason="the order was withdrawn") == 302
    )
    assert phase_of(failed) == Phase.CANCELLED
    entry = AuditEntry.objects.get(verb="override", outcome="done")
    assert (entry.actor, entry.reason) == (admin, "the order was withdrawn")
    assert Notification.objects.filter(user=alice, event__name="WORKFLOW_OVERRIDDEN").exists()
    inbox = as_(alice).get("/inbox/").content.decode()
    assert "State overridden by an administrator" in inbox and "the order was withdrawn" in inbox
    assert "a restore</a> leads on from there" in text(client, failed, "override")


@pytest.mark.parametrize("phase", ["", "COMPLETED", "PENDING", "nonsense"])
def test_a_phase_that_is_not_offered_is_refused(
    phase: str, failed: Execution, admin: User, as_: As
) -> None:
    assert do(as_(admin), failed, "override", phase=phase, reason="why not") == 400
    assert phase_of(failed) == Phase.FAILED


def test_who_is_no_administrator_has_no_way_to_override(
    failed: Execution, alice: User, support: User, as_: As
) -> None:
    for user in (alice, support):
        assert "/override" not in text(as_(user), failed, "")
        assert do(as_(user), failed, "override", phase="CANCELLED", reason="mine") == 403
    assert phase_of(failed) == Phase.FAILED


def test_a_fork_says_with_what_the_new_run_begins(failed: Execution, alice: User, as_: As) -> None:
    seq = failed.steps.get(path="/prepare").seq
    page = text(as_(alice), failed, f"checkpoints/{seq}/fork")
    assert "The new run begins with 1 finished step of this one" in page
    assert "goes on at <strong><bdi>charge</bdi></strong>" in page
    assert "1 step that this run came to later is left out there and runs again" in page


def test_taking_a_restore_back_says_what_stands_again(
    failed: Execution, support: User, as_: As, drive: Drive
) -> None:
    client = as_(support)
    nothing = client.get(f"/executions/{failed.public_id}/undo-restore")
    assert nothing.status_code == 409 and b"There is no restore to undo" in nothing.content
    do(client, failed, "restore", checkpoint="0", reason="again")
    again = drive(failed)
    assert f"/executions/{failed.public_id}/undo-restore" in text(client, again, "checkpoints")
    page = text(client, again, "undo-restore")
    assert "2 steps that the restore to the beginning had set aside stand again." in page
    assert "2 steps that ran since are set aside" in page
    assert do(client, failed, "undo-restore", reason="a mistake") == 302
    assert drive(failed).phase == Phase.FAILED
