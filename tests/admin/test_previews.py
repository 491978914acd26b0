"""What a verb would do is shown on the admin's page before it is done, as on the dashboard's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.accounts.confirming import KEY
from executions.driving.attempts.running import Running
from executions.driving.driver import advance
from executions.driving.store import Here
from executions.intake.apply import apply_definition
from executions.models import Execution, Process
from executions.states import Phase
from tests.admin.conftest import FAILING, TEXT, Make
from tests.admin.test_verbs import LIST, ask, confirm, look, phase_of, press

AsUser = Callable[[User], Client]
DO_IT = 'name="confirmed"'
CALLED = """do:
- charge: {call: http, with: {method: post, endpoint: 'http://127.0.0.1:9'}}
"""
pytestmark = pytest.mark.database


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_restore_is_shown_and_then_done(admin: User, as_user: AsUser, make: Make) -> None:
    run, client = make(), as_user(admin)
    first = text_of(ask(client, "restore", run))
    assert DO_IT not in first
    assert '<option value="0">0: the beginning</option>' in first and ": /first</option>" in first
    shown = look(client, "restore", run, checkpoint="0", reason="it <was> wrong")
    text = text_of(shown)
    assert "0 finished steps stay as they are. 2 steps are set aside and run again." in text
    assert "No effect outside is repeated." in text
    assert DO_IT in text and 'value="it &lt;was&gt; wrong"' in text
    assert '<option value="0" selected>' in text
    assert phase_of(run) == Phase.FAILED


def test_what_was_changed_below_the_preview_is_shown_anew(
    admin: User, as_user: AsUser, make: Make
) -> None:
    run, client = make(), as_user(admin)
    checkpoint = run.steps.get(path="/first").seq
    shown = look(client, "restore", run, checkpoint="0").context["shown"]
    more = {"checkpoint": str(checkpoint), "reason": "another one", "shown": shown}
    anew = press(client, "restore", run, **more)
    assert "1 finished step stays as it is." in text_of(anew)
    assert phase_of(run) == Phase.FAILED
    press(client, "restore", run, **more | {"shown": anew.context["shown"]})
    assert phase_of(run) == Phase.PENDING


def test_a_form_says_what_is_wrong_and_keeps_what_was_typed(
    admin: User, as_user: AsUser, make: Make
) -> None:
    run, client = make(), as_user(admin)
    wrong = press(client, "restore", run, checkpoint="x<y", reason="because of it")
    text = text_of(wrong)
    assert wrong.status_code == 400 and "Nothing was done. Checkpoint is needed." in text
    assert '<option value="x&lt;y" selected>x&lt;y (not offered)</option>' in text
    assert 'value="because of it"' in text and run.public_id in text
    assert "A reason is needed." in text_of(press(client, "restore", run, checkpoint="0"))
    given = press(client, "fork", run, checkpoint="0", output="{not json")
    assert "is not JSON" in text_of(given) and "{not json</textarea>" in text_of(given)
    assert phase_of(run) == Phase.FAILED


def test_another_version_is_shown_with_what_does_not_fit(
    admin: User, owner: User, as_user: AsUser, make: Make
) -> None:
    run, client = make(), as_user(admin)
    apply_definition(TEXT % ("one", FAILING.replace("first", "other")), owner)
    first = text_of(ask(client, "recover", run))
    assert DO_IT in first and '<option value="1">1 (the one that it follows)</option>' in first
    text = text_of(look(client, "recover", run, version="2"))
    assert "Version 2 does not fit what was recorded" in text and "/first" in text
    assert DO_IT not in text
    text = text_of(look(client, "recover", run, version="1"))
    assert "The journal fits version 1. 1 finished step stays as it is" in text
    assert "It would fail again at once" in text and DO_IT in text
    assert "has no version 7" in text_of(press(client, "recover", run, version="7"))
    assert phase_of(run) == Phase.FAILED
    confirm(client, "recover", run, version="1")
    assert phase_of(run) == Phase.PENDING


def test_an_override_is_shown_with_what_the_phase_means(
    admin: User, as_user: AsUser, make: Make
) -> None:
    failed, waiting = make(), make("do:\n- pause: {wait: {hours: 1}}\n", name="two")
    text = text_of(look(as_user(admin), "override", failed, waiting, phase="TERMINATED"))
    assert "From WAITING to <strong>TERMINATED</strong>. It ends for good" in text
    assert "It is FAILED and cannot be put into TERMINATED." in text
    assert DO_IT in text


def test_effects_that_may_repeat_are_named(admin: User, as_user: AsUser, make: Make) -> None:
    run = make(CALLED)
    text = text_of(look(as_user(admin), "restore", run, checkpoint="0"))
    assert "What 1 step did to the world may happen once more:" in text
    assert "<bdi>charge</bdi> (idempotent)" in text


def test_support_is_shown_no_sensitive_value(
    support: User, owner: User, as_user: AsUser, make: Make
) -> None:
    run = make(input={"password": "hunter2hunter2"})
    apply_definition(TEXT % ("one", FAILING.replace("No stock", "'${ .password }'")), owner)
    text = text_of(look(as_user(support), "recover", run, version="2"))
    assert "It would fail again at once" in text
    assert "hunter2hunter2" not in text


def test_without_a_version_there_is_nothing_to_look_at(
    admin: User, as_user: AsUser, make: Make
) -> None:
    run = make()
    answer = look(as_user(admin), "recover", run, version="")
    assert answer.context["effects"] == [] and DO_IT in text_of(answer)
    assert phase_of(run) == Phase.FAILED


def test_a_log_in_just_before_is_asked_for_before_anything_is_typed(
    admin: User, as_user: AsUser, make: Make
) -> None:
    run, client = make(), as_user(admin)
    session = client.session
    session[KEY] = time.time() - 3600
    session.save()
    chosen = {"action": "restore", "_selected_action": [str(run.pk)]}
    assert client.post(LIST, chosen)["Location"].startswith("/account/")
    late = press(client, "restore", run, checkpoint="0", reason="too late")
    assert "needs a log-in within the last 15 minutes" in text_of(late)
    assert 'value="too late"' in text_of(late)
    assert phase_of(run) == Phase.FAILED


def test_more_than_can_be_shown_are_refused(
    admin: User, as_user: AsUser, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from executions.admin import asking

    monkeypatch.setattr(asking, "MOST_PREVIEWED", 1)
    runs = make(), make(name="two")
    text = text_of(look(as_user(admin), "restore", *runs, checkpoint="0"))
    assert "2 executions are chosen" in text and "at most 1 at a time" in text


def test_a_fork_and_another_result_are_shown_before_they_are_done(
    admin: User, as_user: AsUser, make: Make
) -> None:
    run, client = make(CALLED), as_user(admin)
    assert DO_IT not in text_of(ask(client, "fork", run))
    text = text_of(look(client, "fork", run, checkpoint="0"))
    assert "The new run begins with 0 finished steps of this one" in text and DO_IT in text
    assert "<bdi>charge</bdi> (idempotent)" in text
    assert "There is no finished step 999" in text_of(
        look(client, "amend", run, step="999", output="1")
    )
    confirm(client, "fork", run, checkpoint="0")
    assert Execution.objects.filter(forked_from=run).count() == 1


def test_taking_a_restore_back_is_shown_at_once(admin: User, as_user: AsUser, make: Make) -> None:
    run, client = make(), as_user(admin)
    assert "There is no restore to undo" in text_of(ask(client, "undo restore", run))
    confirm(client, "restore", run, checkpoint="0", reason="again")
    process = Process.objects.get()
    while advance(run.pk, process_id=process.pk, store=Here(), running=Running()):
        pass
    text = text_of(ask(client, "undo restore", Execution.objects.get(pk=run.pk)))
    assert "2 steps that the restore to the beginning had set aside stand again." in text
    assert DO_IT in text
    confirm(client, "undo restore", Execution.objects.get(pk=run.pk), reason="it was right")
    assert run.steps.filter(kind="decision", name="undo restore").exists()
