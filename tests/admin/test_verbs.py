"""Actions in the admin: the dashboard's verbs, asked row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.admin import verbs
from executions.models import AuditEntry, Event, Execution, Step
from executions.states import Phase
from executions.verbs.rows import VERBS
from tests.admin.conftest import OPTIONAL, Make

AsUser = Callable[[User], Client]
LIST = "/admin/executions/execution/"
WAITING = "do:\n- pause: {wait: {hours: 1}}\n"
pytestmark = pytest.mark.database


def ask(client: Client, verb: str, *executions: Execution, **more: Any) -> Any:
    chosen = [str(execution.pk) for execution in executions]
    return client.post(LIST, {"action": verb, "_selected_action": chosen, **more}, follow=True)


def confirm(client: Client, verb: str, *executions: Execution, **more: Any) -> list[str]:
    """Press the button on the page that lists what was chosen, below what it would do where that is
    shown; what is said afterwards.
    """
    if VERBS[verb].has_preview:
        more |= {"shown": look(client, verb, *executions, **more).context["shown"]}
    response = press(client, verb, *executions, **more)
    return [str(message) for message in response.context["messages"]]


def look(client: Client, verb: str, *executions: Execution, **more: Any) -> Any:
    """The page with what it would do."""
    return ask(client, verb, *executions, looked="Preview", **more)


def press(client: Client, verb: str, *executions: Execution, **more: Any) -> Any:
    seqs = {f"seq-{execution.pk}": execution.head_seq for execution in executions}
    return ask(client, verb, *executions, confirmed="yes", **seqs | more)


def phase_of(execution: Execution) -> str:
    return Execution.objects.get(pk=execution.pk).phase


def test_an_action_shows_first_what_it_would_do(admin: User, as_user: AsUser, make: Make) -> None:
    execution = make()
    page = ask(as_user(admin), "retry", execution).content.decode()
    assert execution.public_id in page and "No stock" in page
    assert f'name="seq-{execution.pk}" value="{execution.head_seq}"' in page
    assert phase_of(execution) == Phase.FAILED


def test_retry_is_a_decision_of_this_person_with_their_reason(
    admin: User, as_user: AsUser, make: Make
) -> None:
    execution = make()
    assert confirm(as_user(admin), "retry", execution, reason="shop is back") == [
        f"{execution.public_id} (one) will run its failed step again."
    ]
    assert phase_of(execution) == Phase.PENDING
    assert Step.objects.get(kind="decision").control["reason"] == "shop is back"
    assert Event.objects.get(name="WORKFLOW_RETRIED").actor == admin


def test_each_row_is_judged_by_itself(admin: User, as_user: AsUser, make: Make) -> None:
    required, optional, waiting = make(), make(OPTIONAL, name="two"), make(WAITING, name="three")
    said = confirm(as_user(admin), "skip", required, optional, waiting)
    assert [phase_of(execution) for execution in (required, optional, waiting)] == [
        Phase.FAILED,
        Phase.PENDING,
        Phase.WAITING,
    ]
    assert any("bad is required, so it cannot be skipped" in text for text in said)
    assert any("goes on without its failed step" in text for text in said)
    assert any("It is WAITING; skip is possible only when it is FAILED" in text for text in said)


@pytest.mark.parametrize(
    ("verb", "phase"), [("cancel", "CANCELLED"), ("pause", "PAUSED"), ("terminate", "TERMINATED")]
)
def test_a_waiting_execution_is_stopped(
    admin: User, as_user: AsUser, make: Make, verb: str, phase: str
) -> None:
    execution = make(WAITING)
    confirm(as_user(admin), verb, execution)
    assert phase_of(execution) == phase


def test_a_paused_execution_is_resumed(admin: User, as_user: AsUser, make: Make) -> None:
    execution = make(WAITING)
    confirm(as_user(admin), "pause", execution)
    paused = Execution.objects.get(pk=execution.pk)
    confirm(as_user(admin), "resume", paused)
    assert phase_of(execution) == Phase.PENDING


def test_what_moved_on_since_the_page_was_shown_is_refused(
    admin: User, as_user: AsUser, make: Make
) -> None:
    execution = make()
    confirm(as_user(admin), "retry", execution, reason="I was first")
    said = confirm(as_user(admin), "retry", execution)
    assert len(said) == 1 and "Look at what changed, then decide again." in said[0]
    assert Step.objects.filter(kind="decision").count() == 1


def test_it_says_so_even_where_the_list_is_filtered_by_the_phase_that_it_left(
    admin: User, as_user: AsUser, make: Make
) -> None:
    moved, failed = make(), make(name="two")
    confirm(as_user(admin), "retry", moved)
    data = {
        "action": "retry",
        "_selected_action": [str(moved.pk), str(failed.pk)],
        "confirmed": "yes",
    }
    data |= {f"seq-{execution.pk}": str(execution.head_seq) for execution in (moved, failed)}
    response = as_user(admin).post(LIST + "?phase__exact=FAILED", data, follow=True)
    assert len(list(response.context["messages"])) == 2


def test_support_may_acknowledge_recover_and_restore_and_nothing_else(
    support: User, as_user: AsUser, make: Make
) -> None:
    execution = make()
    client = as_user(support)
    choices = dict(client.get(LIST).context["action_form"].fields["action"].choices)
    assert set(choices) == {"", "acknowledge", "recover", "restore", "retry", "undo restore"}
    ask(
        client,
        "terminate",
        execution,
        confirmed="yes",
        **{f"seq-{execution.pk}": execution.head_seq},
    )
    assert phase_of(execution) == Phase.FAILED
    confirm(client, "recover", execution)
    assert phase_of(execution) == Phase.FAILED
    confirm(client, "recover", execution, reason="asked by the owner")
    assert phase_of(execution) == Phase.PENDING


def test_a_plain_user_gets_nowhere(owner: User, as_user: AsUser, make: Make) -> None:
    execution = make()
    response = as_user(owner).post(
        LIST, {"action": "retry", "_selected_action": [str(execution.pk)]}
    )
    assert response.status_code == 302
    assert phase_of(execution) == Phase.FAILED


def test_more_than_the_cap_is_refused_with_the_count(
    admin: User, as_user: AsUser, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "MOST_ROWS", 1)
    executions = make(), make(name="two")
    said = [
        str(message) for message in ask(as_user(admin), "retry", *executions).context["messages"]
    ]
    assert said == [
        "2 executions are selected; at most 1 at a time. Narrow the list with its filters."
    ]


def test_a_confirmation_without_what_the_page_showed_changes_nothing(
    admin: User, as_user: AsUser, make: Make
) -> None:
    execution = make()
    ask(as_user(admin), "retry", execution, confirmed="yes")
    assert phase_of(execution) == Phase.FAILED


def test_an_administrator_restores_overrides_and_recovers_onto_a_version_here_too(
    admin: User, as_user: AsUser, make: Make
) -> None:
    client, restored, overridden, recovered = (
        as_user(admin),
        make(),
        make(name="two"),
        make(name="three"),
    )
    page = ask(client, "restore", restored).content.decode()
    assert "Checkpoint" in page and 'name="reason"' in page
    confirm(client, "restore", restored, checkpoint="0", reason="again from the beginning")
    assert phase_of(restored) == Phase.PENDING
    assert '<option value="CANCELLED">' in ask(client, "override", overridden).content.decode()
    confirm(client, "override", overridden, phase="CANCELLED", reason="not needed any more")
    assert phase_of(overridden) == Phase.CANCELLED
    confirm(client, "recover", recovered, version="1")
    assert phase_of(recovered) == Phase.PENDING


@pytest.mark.parametrize("verb", ["retry", "recover", "pause", "cancel", "terminate"])
def test_a_double_click_is_one_effect_and_told_the_same_twice(
    admin: User, as_user: AsUser, make: Make, verb: str
) -> None:
    execution = make() if verb in ("retry", "recover") else make(WAITING)
    client = as_user(admin)
    first, again = (confirm(client, verb, execution, reason="shop is back") for _ in range(2))
    assert first == again and len(first) == 1 and "out of date" not in first[0]
    assert execution.public_id in first[0] and "Nothing" not in first[0]
    assert AuditEntry.objects.filter(verb=verb, outcome="done").count() == 1


def test_another_click_from_the_same_page_is_no_double_click(
    admin: User, as_user: AsUser, make: Make
) -> None:
    execution, client = make(), as_user(admin)
    confirm(client, "retry", execution, reason="shop is back")
    (said,) = confirm(client, "retry", execution, reason="another one")
    assert "Look at what changed, then decide again." in said


def test_what_another_person_did_is_no_double_click(
    admin: User, django_user_model: type[User], as_user: AsUser, make: Make
) -> None:
    execution = make()
    confirm(as_user(admin), "retry", execution)
    other = django_user_model.objects.create_superuser("root")
    (said,) = confirm(as_user(other), "retry", execution)
    assert "will run its failed step again" not in said
