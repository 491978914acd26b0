"""Who gets what from every page, in one table."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.urls import urlpatterns
from executions.bulk.beginning import Chosen, Order, begin
from executions.inbound.sources import create as create_source
from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.models import Ask, Execution, LanguageModel, SavedView, Workflow
from executions.tokens import mint
from executions.verbs.rows import VERBS

As = Callable[[User], Client]

# For each page: what the owner, another user, support and an administrator get.
PAGES = {
    "overview": ("/", 200, 200, 200, 200),
    "executions": ("/executions/", 200, 200, 200, 200),
    "executions-new-count": ("/executions/new-count", 200, 200, 200, 200),
    "execution": ("/executions/{wex}/", 200, 404, 200, 200),
    "execution-earlier": ("/executions/{wex}/steps?before={stp}", 200, 404, 200, 200),
    "execution-graph": ("/executions/{wex}/graph", 200, 404, 200, 200),
    "execution-conversation": ("/executions/{aex}/conversation", 200, 404, 200, 200),
    "execution-events": ("/executions/{wex}/events", 200, 404, 200, 200),
    "execution-values": ("/executions/{wex}/values", 200, 404, 200, 200),
    "execution-checkpoints": ("/executions/{wex}/checkpoints", 200, 404, 200, 200),
    "execution-checkpoint": ("/executions/{wex}/checkpoints/0", 403, 404, 200, 200),
    "execution-recover": ("/executions/{wex}/recover", 200, 404, 200, 200),
    "execution-override": ("/executions/{wex}/override", 403, 404, 403, 200),
    "execution-audit": ("/executions/{wex}/audit", 200, 404, 200, 200),
    "execution-export": ("/executions/{wex}/export", 200, 404, 200, 200),
    "execution-value": ("/executions/{wex}/value/input", 200, 404, 200, 200),
    "step-value": ("/executions/{wex}/steps/{stp}/output", 200, 404, 200, 200),
    "workflows": ("/workflows/", 200, 200, 200, 200),
    "apply": ("/workflows/apply", 200, 200, 200, 200),
    "workflow": ("/workflows/{wfl}/", 200, 200, 200, 200),
    "workflow-version": ("/workflows/{wfl}/versions/1", 200, 200, 200, 200),
    "agents": ("/agents/", 200, 200, 200, 200),
    "apply-agent": ("/agents/apply", 200, 200, 200, 200),
    "agent": ("/agents/{agt}/", 200, 404, 404, 200),
    "agent-version": ("/agents/{agt}/versions/1", 200, 404, 404, 200),
    "audit": ("/audit/", 403, 403, 200, 200),
    "audit-export": ("/audit/export", 403, 403, 200, 200),
    "attention": ("/attention/", 200, 200, 200, 200),
    "bulk-runs": ("/bulk/", 200, 200, 200, 200),
    "bulk-run": ("/bulk/{blk}/", 200, 404, 200, 200),
    "approvals": ("/approvals/", 200, 200, 200, 200),
    "approvals-answered": ("/approvals/answered", 200, 200, 200, 200),
    "approval": ("/approvals/{ask}/", 200, 404, 200, 200),
    "events": ("/events/", 200, 200, 200, 200),
    "sources": ("/events/sources/", 200, 200, 200, 200),
    "source": ("/events/sources/{src}/", 200, 404, 404, 200),
    "tokens": ("/tokens/", 200, 200, 200, 200),
    "inbox": ("/inbox/", 200, 200, 200, 200),
    "workers": ("/workers/", 200, 200, 200, 200),
    "live-changes": ("/live/changes", 200, 200, 200, 200),
}
POSTS = {
    "act": ("/executions/{wex}/do/retry", 302, 404, 403, 302),
    "audit-acknowledge": ("/audit/acknowledge", 403, 403, 403, 400),
    "run-again": ("/executions/{wex}/again", 302, 404, 302, 302),
    "bulk": ("/executions/bulk", 400, 400, 400, 400),
    "bulk-stop": ("/bulk/{blk}/stop", 302, 404, 403, 302),
    "attention-note": ("/attention/{cause}/note", 302, 404, 302, 302),
    "saved-view-keep": ("/executions/views", 400, 400, 400, 400),
    "saved-view-forget": ("/executions/views/{svw}/forget", 302, 404, 404, 404),
    "talk": ("/agents/{agt}/talk", 400, 404, 404, 400),
    "reply": ("/executions/{aex}/reply", 400, 404, 404, 404),
    "check": ("/definitions/agent/check", 200, 200, 200, 200),
    "respond": ("/approvals/{ask}/respond", 400, 404, 404, 400),
    "source-rotate": ("/events/sources/{src}/rotate", 200, 404, 404, 200),
    "source-delete": ("/events/sources/{src}/delete", 302, 404, 404, 302),
    "token-revoke": ("/tokens/{key}/revoke", 302, 404, 404, 404),
    "run": ("/workflows/{wfl}/run", 302, 302, 302, 302),
    "inbox-read": ("/inbox/read", 302, 302, 302, 302),
}
OPEN = {"login", "logout"}


@pytest.fixture
def addresses(failed: Execution, asked: Callable[..., Execution], alice: User) -> dict[str, str]:
    step = failed.steps.filter(name="prepare").first()
    assert step is not None and failed.workflow is not None
    key = mint(alice, "a script", ["read"]).token.public_id
    view = SavedView.objects.keep(alice, "mine", "phase=FAILED").public_id
    ask = Ask.objects.get(execution=asked({"approvers": {"users": ["alice"]}})).public_id
    LanguageModel.objects.create(name="any", address="http://127.0.0.1:9/", remote_name="any")
    text = "{kind: Agent, name: helper, instructions: Help everybody., model: any}"
    agent = apply_agent(text, alice, visibility="private").agent
    ids = {
        "agt": agent.public_id,
        "aex": start_agent(agent, alice, message="hello").public_id,
        "wex": failed.public_id,
        "wfl": failed.workflow.public_id,
        "stp": step.public_id,
        "ask": ask,
        "src": create_source(alice, "carrier", "webhook")[0].public_id,
    }
    order = Order(VERBS["retry"], "one", failed.cause)
    bulk = begin(alice, order, [Chosen(failed.pk, failed.head_seq)])
    return {**ids, "key": key, "svw": view, "blk": bulk.public_id, "cause": failed.cause}


def test_every_address_stands_in_the_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == PAGES.keys() | POSTS.keys() | OPEN


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_for_those_who_may_see_them(
    name: str,
    addresses: dict[str, str],
    alice: User,
    bob: User,
    support: User,
    admin: User,
    as_: As,
) -> None:
    address, *expected = PAGES[name]
    seen = [
        as_(user).get(address.format(**addresses)).status_code
        for user in (alice, bob, support, admin)
    ]
    assert seen == expected


@pytest.mark.parametrize("name", POSTS)
@pytest.mark.parametrize("who", range(4))
def test_actions_are_for_those_who_may_do_them(
    name: str,
    who: int,
    addresses: dict[str, str],
    failed: Execution,
    alice: User,
    bob: User,
    support: User,
    admin: User,
    as_: As,
) -> None:
    address, *expected = POSTS[name]
    user = (alice, bob, support, admin)[who]
    response = as_(user).post(address.format(**addresses), {"seq": failed.head_seq})
    assert response.status_code == expected[who]


@pytest.mark.parametrize("name", PAGES)
def test_nobody_sees_anything_without_logging_in(
    name: str, addresses: dict[str, str], client: Client
) -> None:
    response = client.get(PAGES[name][0].format(**addresses))
    assert response.status_code == (401 if name == "live-changes" else 302)


def test_a_foreign_execution_answers_like_one_that_does_not_exist(
    failed: Execution, bob: User, as_: As
) -> None:
    client = as_(bob)
    foreign = client.get(f"/executions/{failed.public_id}/")
    unknown = client.get("/executions/wex-00000000000000000000000000/")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
def test_answers_are_not_kept_by_caches(
    name: str, addresses: dict[str, str], alice: User, as_: As
) -> None:
    address = (PAGES | POSTS)[name][0].format(**addresses)
    response = as_(alice).get(address) if name in PAGES else as_(alice).post(address)
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("name", POSTS)
def test_actions_need_the_token(name: str, addresses: dict[str, str], alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post(POSTS[name][0].format(**addresses))
    assert response.status_code == 403
    assert b"This form has expired" in response.content


@pytest.mark.parametrize("name", POSTS)
def test_actions_are_no_links(name: str, addresses: dict[str, str], alice: User, as_: As) -> None:
    assert as_(alice).get(POSTS[name][0].format(**addresses)).status_code == 405


def test_the_list_shows_each_user_their_own(
    failed: Execution, bob: User, support: User, workflow: Workflow, as_: As
) -> None:
    assert failed.public_id not in as_(bob).get("/executions/").content.decode()
    assert failed.public_id in as_(support).get("/executions/").content.decode()
