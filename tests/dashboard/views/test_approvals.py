"""Approvals: who finds which question, what an answer leads to, and what a refusal leaves as it
was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from dashboard.live.page import poll
from dashboard.queries import approvals as queries
from executions import clock
from executions.live.asks import waiting
from executions.live.topics import asks_topic, execution_topic
from executions.models import Ask, Execution
from executions.verbs.asks import Answer, respond
from tests.dashboard.queries.test_bounds import queries_of
from tests.dashboard.test_hostile_text import VECTORS, assert_is_harmless
from tests.topics import inbox_topic

pytestmark = pytest.mark.database
As = Callable[[User], Client]
Asked = Callable[..., Execution]
Drive = Callable[[Execution], Execution]
HTMX = {"HX-Request": "true"}
FORM = {
    "title": "The delivery",
    "type": "object",
    "required": ["many"],
    "additionalProperties": False,
    "properties": {
        "many": {"type": "integer", "title": "How many", "maximum": 5},
        "where": {"type": "string", "minLength": 3},
        "tags": {"type": "array"},
    },
}


def only(execution: Execution) -> Ask:
    return Ask.objects.get(execution=execution)


def text_of(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def address_of(ask: Ask) -> str:
    return f"/approvals/{ask.public_id}/respond"


# --- Who finds what ----------------------------------------------------------------------------


def test_a_question_stands_with_those_who_may_answer_it_and_with_nobody_else(
    asked: Asked, alice: User, bob: User, support: User, admin: User, as_: As
) -> None:
    carol = User.objects.create_user("carol")
    carol.groups.add(Group.objects.create(name="Finance"))
    execution = asked({"approvers": {"users": ["bob"], "groups": ["Finance"]}})
    for user in (bob, carol, admin):
        text = text_of(as_(user), "/approvals/")
        assert "Ship it?" in text and "Step <bdi>ask</bdi>" in text and "Started by alice" in text
        assert ">1<span" in text
        assert ("Run <a" in text) == (user == admin)
        assert execution.public_id in text or user != admin
    for user in (alice, support):
        text = text_of(as_(user), "/approvals/")
        assert "Nothing waits for you" in text and "Ship it?" not in text


def test_four_eyes_keep_the_one_who_started_it_from_answering(
    asked: Asked, alice: User, bob: User, as_: As
) -> None:
    execution = asked({"approvers": {"users": ["alice", "bob"]}, "fourEyes": True})
    assert "Ship it?" not in text_of(as_(alice), "/approvals/")
    assert "four eyes" in text_of(as_(bob), "/approvals/")
    response = as_(alice).post(address_of(only(execution)), {"outcome": "approve"})
    assert response.status_code == 404
    assert Ask.objects.open().count() == 1
    page = text_of(as_(alice), f"/executions/{execution.public_id}/")
    assert "(not of who started it)" in page and 'name="outcome"' not in page


def test_a_foreign_question_answers_like_one_that_does_not_exist(
    asked: Asked, bob: User, as_: As
) -> None:
    ask = only(asked())
    stranger = as_(User.objects.create_user("mallory"))
    foreign = stranger.post(address_of(ask), {"outcome": "approve"})
    unknown = stranger.post(
        "/approvals/ask-00000000000000000000000000/respond", {"outcome": "approve"}
    )
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
    assert Ask.objects.open().count() == 1


def test_who_may_answer_gets_nothing_else_of_a_run_that_is_not_theirs(
    asked: Asked, bob: User, as_: As
) -> None:
    execution = asked()
    client = as_(bob)
    assert client.get(f"/executions/{execution.public_id}/").status_code == 404
    assert f"/executions/{execution.public_id}" not in text_of(client, "/approvals/")
    assert poll(bob, {execution_topic(execution.pk): 0})[0].keys() == {"v", "refused"}


def test_many_questions_are_no_more_queries_and_come_in_pages(
    asked: Asked, bob: User, as_: As
) -> None:
    client = as_(bob)
    asked({"form": FORM})
    text_of(client, "/approvals/")
    few = queries_of(client, "/approvals/")
    for number in range(26):
        asked({"prompt": f"Question {number}", "form": FORM})
    assert queries_of(client, "/approvals/") == few <= 10
    first = text_of(client, "/approvals/")
    older = re.search(r'href="(\?before=ask-\w+)"', first)
    assert older is not None and first.index("Question 25") < first.index("Question 2<")
    rest = text_of(client, f"/approvals/{older[1]}")
    assert "Question 25" not in rest and "Question 0" in rest and "Ship it?" in rest


# --- Answering ---------------------------------------------------------------------------------


def test_an_answer_goes_to_the_run_and_leads_back_to_the_list(
    asked: Asked, drive: Drive, bob: User, as_: As
) -> None:
    execution = asked(
        {"form": FORM, "outcomes": [{"name": "approve", "label": "Ship"}, {"name": "deny"}]}
    )
    sent = {"outcome": "approve", "field-many": "3", "field-tags": '["new"]', "comment": "gladly"}
    response = as_(bob).post(address_of(only(execution)), sent)
    assert (response.status_code, response.headers["Location"]) == (302, "/approvals/")
    ask = only(execution)
    assert (ask.outcome, ask.comment, ask.reviewer) == ("approve", "gladly", bob)
    assert ask.answers == {"many": 3, "tags": ["new"]}
    assert drive(execution).phase == "COMPLETED"


def test_htmx_gets_what_came_of_it_for_its_place(asked: Asked, bob: User, as_: As) -> None:
    ask = only(asked())
    response = as_(bob).post(address_of(ask), {"outcome": "deny"}, headers=HTMX)
    text = response.content.decode()
    assert response.status_code == 200 and response.headers["X-Explained"] == "1"
    assert (
        "You answered: Deny." in text and 'hx-swap-oob="innerHTML"' in text and "<html" not in text
    )


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_form_that_does_not_fit_says_so_at_its_fields_and_keeps_all_that_was_typed(
    headers: dict[str, str], asked: Asked, bob: User, as_: As
) -> None:
    ask = only(asked({"form": FORM}))
    sent = {
        "outcome": "approve",
        "field-many": "9",
        "field-where": "x",
        "field-tags": "[1]",
        "comment": "a word",
    }
    response = as_(bob).post(address_of(ask), sent, headers=headers)
    text = response.content.decode()
    assert response.status_code == 400 and ("<html" in text) == (not headers)
    assert "does not fit the form" in text
    for number, typed in ((1, 'value="9"'), (2, 'value="x"')):
        name = f"{ask.public_id}-field-{number}"
        assert (
            f'aria-describedby="{name}-problem"' in text
            and f'id="{name}-problem"' in text
            and typed in text
        )
    assert "[1]" in text and ">a word</textarea>" in text
    assert Ask.objects.open().get() == ask


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"outcome": "approve", "field-many": "many"}, "is not a whole number"),
        ({"outcome": "approve", "field-many": "1", "field-tags": "{"}, "This is not JSON"),
        ({"outcome": "approve"}, "quired"),
        ({"outcome": "perhaps", "field-many": "1"}, "There is no outcome"),
        ({"field-many": "1"}, "There is no outcome"),
        ({"outcome": "deny", "comment": "x" * 3000}, "more than 2,000 characters"),
        ({"outcome": "deny", "field-many": "99"}, "does not fit the form"),
    ],
)
def test_an_answer_that_cannot_be_used_changes_nothing(
    sent: dict[str, str], says: str, asked: Asked, bob: User, as_: As
) -> None:
    ask = only(asked({"form": FORM}))
    response = as_(bob).post(address_of(ask), sent, headers=HTMX)
    assert response.status_code == 400 and says in response.content.decode()
    assert Ask.objects.open().get() == ask


def test_who_says_no_need_not_fill_in_the_form(asked: Asked, bob: User, as_: As) -> None:
    flag = {
        "type": "object",
        "required": ["n"],
        "properties": {"n": {"type": "integer"}, "b": {"type": "boolean"}},
    }
    ask = only(asked({"form": flag}))
    assert as_(bob).post(address_of(ask), {"outcome": "deny", "field-n": ""}).status_code == 302
    ask.refresh_from_db()
    assert (ask.outcome, ask.answers) == ("deny", None)


@pytest.mark.parametrize(
    ("text", "status"), [('{"any": 1}', 302), ("{", 400), ("[]", 400), ('{"any": "x"}', 400)]
)
def test_what_has_no_fields_is_filled_in_as_json(
    text: str, status: int, asked: Asked, bob: User, as_: As
) -> None:
    form = {"type": "object", "additionalProperties": {"type": "integer"}}
    ask = only(asked({"form": form}))
    client = as_(bob)
    page = text_of(client, "/approvals/")
    assert 'name="json"' in page and "additionalProperties" in page
    response = client.post(address_of(ask), {"outcome": "approve", "json": text})
    assert response.status_code == status
    if status == 400:
        assert text.replace('"', "&quot;") in response.content.decode()
    else:
        assert only(ask.execution).answers == {"any": 1}


@pytest.mark.parametrize(
    "schema", [{"properties": {"a": True, "b": {"enum": 7, "title": {}}}, "required": 5}, {}]
)
def test_an_odd_schema_breaks_no_page(
    schema: dict[str, Any], asked: Asked, bob: User, as_: As
) -> None:
    ask = only(asked())
    Ask.objects.filter(pk=ask.pk).update(form=schema)
    text_of(as_(bob), "/approvals/")
    assert as_(bob).post(address_of(ask), {"outcome": "approve", "field-a": "1"}).status_code in (
        302,
        400,
    )


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_whoever_comes_second_is_told_who_was_first(
    headers: dict[str, str], asked: Asked, admin: User, bob: User, as_: As
) -> None:
    ask = only(asked({"outcomes": [{"name": "approve", "label": "Ship"}, {"name": "deny"}]}))
    respond(ask, admin, Answer("approve"))
    response = as_(bob).post(address_of(ask), {"outcome": "deny"}, headers=headers)
    assert response.status_code == 409
    assert "ada answered already: Ship." in response.content.decode()
    assert only(ask.execution).reviewer == admin


def test_a_question_whose_run_was_cancelled_is_over(
    asked: Asked, alice: User, bob: User, as_: As
) -> None:
    execution = asked()
    as_(alice).post(f"/executions/{execution.public_id}/do/cancel", {"seq": execution.head_seq})
    assert "Nothing waits for you" in text_of(as_(bob), "/approvals/")
    response = as_(bob).post(address_of(only(execution)), {"outcome": "approve"}, headers=HTMX)
    assert response.status_code == 409
    assert "does not wait for this answer any more" in response.content.decode()


# --- What was answered -------------------------------------------------------------------------


def test_answers_of_the_last_days_say_who_what_and_when(
    asked: Asked, alice: User, bob: User, support: User, as_: As
) -> None:
    asked()
    ask = Ask.objects.get()
    respond(ask, bob, Answer("deny", comment="too late in the year"))
    for user in (alice, bob, support):
        text = text_of(as_(user), "/approvals/answered")
        assert (
            "Deny" in text and "by <strong>bob</strong>" in text and "too late in the year" in text
        )
        assert (f"/executions/{ask.execution.public_id}/" in text) == (user != bob)
    assert "Nothing was answered yet" in text_of(
        as_(User.objects.create_user("mallory")), "/approvals/answered"
    )
    Ask.objects.update(answered_at=clock.now() - timedelta(days=15))
    assert "Nothing was answered yet" in text_of(as_(alice), "/approvals/answered")


def test_answers_come_in_pages_newest_first(asked: Asked, bob: User, as_: As) -> None:
    now = clock.now()
    for number in range(27):
        asked({"prompt": f"Question {number}"})
    for number, ask in enumerate(Ask.objects.order_by("id")):
        # The oldest question was answered last.
        answered = now - timedelta(minutes=number)
        Ask.objects.filter(pk=ask.pk).update(answered_at=answered, reviewer=bob, outcome="approve")
    client = as_(bob)
    first = text_of(client, "/approvals/answered")
    older = re.search(r'href="(\?before=ask-\w+)"', first)
    assert older is not None and first.index("Question 0") < first.index("Question 24")
    rest = text_of(client, f"/approvals/answered{older[1]}")
    assert "Question 25" in rest and "Question 26" in rest and "Question 24" not in rest
    assert queries_of(client, "/approvals/answered") <= 10


# --- The run's page ----------------------------------------------------------------------------


def test_the_runs_page_says_whom_it_waits_for_and_has_the_form_for_those_who_may(
    asked: Asked, alice: User, admin: User, support: User, bob: User, as_: As
) -> None:
    Group.objects.create(name="Finance")
    execution = asked({"approvers": {"users": ["bob", "alice"], "groups": ["Finance"]}})
    for user, may in ((alice, True), (admin, True), (support, False)):
        text = text_of(as_(user), f"/executions/{execution.public_id}/")
        assert (
            "Waits for an answer of <bdi>alice</bdi>, <bdi>bob</bdi> or <bdi>Finance</bdi> until"
            " <time" in text
        )
        assert "Waits for an answer until <time" in text
        assert ('name="outcome"' in text) == may
    assert queries_of(as_(alice), f"/executions/{execution.public_id}/") <= 26


def test_the_step_says_who_answered_what(
    asked: Asked, drive: Drive, alice: User, bob: User, as_: As
) -> None:
    execution = asked({"outcomes": [{"name": "approve", "label": "Ship it now"}]})
    respond(only(execution), bob, Answer("approve"))
    execution = drive(execution)
    assert execution.phase == "COMPLETED"
    text = text_of(as_(alice), f"/executions/{execution.public_id}/")
    assert text.count("<bdi>Ship it now</bdi> by bob") == 1
    standing = execution.steps.standing().get(name="ask")
    assert (
        f'id="step-{standing.pk.hex}"'
        in text[: text.index("<bdi>Ship it now")].rpartition("<li ")[2]
    )
    frames = poll(alice, {execution_topic(execution.pk): 0})
    assert any("<bdi>Ship it now</bdi> by bob" in part["html"] for part in frames[0]["parts"])


# --- Inbox and what follows live ---------------------------------------------------------------


def test_the_inbox_leads_to_the_question_where_the_run_may_not_be_seen(
    asked: Asked, alice: User, bob: User, as_: As
) -> None:
    execution = asked({"approvers": {"users": ["alice", "bob"]}})
    anchor = f"/approvals/{only(execution).public_id}/"
    page = f"/executions/{execution.public_id}/"
    theirs, own = text_of(as_(bob), "/inbox/"), text_of(as_(alice), "/inbox/")
    assert f'href="{anchor}"' in theirs and page not in theirs
    assert f'href="{page}"' in own
    for user, address in ((bob, anchor), (alice, page)):
        (toast,) = poll(user, {inbox_topic(user.pk): 0})[0]["toasts"]
        assert (toast["href"], toast["event"]) == (address, "WORKFLOW_ASKED")
        assert "Ship it?" in toast["text"]


def test_an_open_page_is_told_where_something_else_waits_than_it_shows(
    asked: Asked, bob: User, as_: As
) -> None:
    topic = asks_topic(bob.pk)

    def told() -> list[dict[str, Any]]:
        return poll(bob, {topic: waiting_mark})

    waiting_mark = waiting(bob).mark
    assert f'data-topic="{topic}" data-seq="{waiting_mark}"' in text_of(as_(bob), "/")
    assert told() == []
    ask = only(asked())
    assert [frame["topic"] for frame in told()] == [topic] and told()[0]["hint"]
    waiting_mark = waiting(bob).mark
    assert waiting(bob).many == 1 and told() == []
    respond(ask, bob, Answer("approve"))
    assert told()


@pytest.mark.parametrize("reads", ["waiting", "of_run"])
def test_a_question_that_comes_while_a_page_is_made_is_pushed_to_it(
    reads: str, asked: Asked, alice: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {"approvers": {"users": ["alice"]}}
    shown = asked(spec)
    before, real = waiting(alice).mark, getattr(queries, reads)

    def and_then_another(*given: Any) -> Any:
        rows = real(*given)
        asked(spec)
        return rows

    monkeypatch.setattr(queries, reads, and_then_another)
    address = "/approvals/" if reads == "waiting" else f"/executions/{shown.public_id}/"
    text = text_of(as_(alice), address)
    assert waiting(alice).mark != before and Ask.objects.count() == 2
    [region] = re.findall(r'<div class="[^"]*" id="(?:approvals|asked)-region"[^>]*>', text)
    assert f'data-seq="{before}"' in region
    frames = poll(alice, {asks_topic(alice.pk): before})
    assert [frame.get("hint") for frame in frames] == [True]


def test_nobody_follows_what_waits_for_somebody_else(asked: Asked, alice: User, bob: User) -> None:
    (frame,) = poll(alice, {asks_topic(bob.pk): 0})
    assert frame.keys() == {"v", "refused"}


# --- Foreign text ------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS)
def test_hostile_questions_stay_text(
    vector: str, asked: Asked, drive: Drive, alice: User, bob: User, as_: As
) -> None:
    field = {"type": "string", "title": vector, "description": vector, "default": vector}
    choice = {"enum": [vector], "title": vector}
    form = {
        "title": vector,
        "description": vector,
        "properties": {vector: field, "c": choice, "b": {"type": "boolean"}},
    }
    given = {"prompt": vector, "form": form, "approvers": {"users": ["alice", "bob"]}}
    execution = asked({**given, "outcomes": [{"name": "approve", "label": vector[:60]}]})
    ask = only(execution)
    for user in (alice, bob):
        for address in ("/approvals/", "/inbox/"):
            assert_is_harmless(text_of(as_(user), address))
    assert_is_harmless(text_of(as_(alice), f"/executions/{execution.public_id}/"))
    for headers in ({}, HTMX):
        sent = {"outcome": "x", "comment": vector, "field-c": vector}
        assert_is_harmless(as_(bob).post(address_of(ask), sent, headers=headers).content.decode())
    odd = json.loads(json.dumps({**form, "properties": {}}))
    Ask.objects.filter(pk=ask.pk).update(form=odd)
    assert_is_harmless(text_of(as_(bob), "/approvals/"))
    answer = as_(bob).post(
        address_of(ask), {"outcome": "approve", "json": "{}", "comment": vector}, headers=HTMX
    )
    assert answer.status_code == 200
    assert_is_harmless(answer.content.decode())
    for address in ("/approvals/answered", f"/executions/{drive(execution).public_id}/"):
        assert_is_harmless(text_of(as_(alice), address))


def test_a_question_has_a_page_of_its_own_for_who_may_answer_and_for_who_may_see_it(
    asked: Any, as_: Any, alice: User, bob: User
) -> None:
    execution = asked()
    ask = Ask.objects.get(execution=execution)
    path = f"/approvals/{ask.public_id}/"
    assert f'action="{path}respond"' in text_of(as_(bob), path)
    theirs = text_of(as_(alice), path)
    assert "waits for an answer of somebody else: bob" in theirs and "respond" not in theirs
    assert as_(User.objects.create_user("mallory")).get(path).status_code == 404
    respond(ask, bob, Answer("approve", {"sum": 3}, comment="fine"))
    for user in (alice, bob):
        text = text_of(as_(user), path)
        assert "by <strong>bob</strong>" in text and "fine" in text
