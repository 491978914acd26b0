"""Who gets what from every page, in one table."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.urls import urlpatterns
from executions.bulk.beginning import Chosen, Order, begin
from executions.driving import stored_values
from executions.inbound.sources import create as create_source
from executions.intake.agents import apply_agent
from executions.intake.start import start_agent
from executions.models import (
    Artifact,
    Ask,
    Channel,
    Execution,
    LanguageModel,
    Process,
    SavedView,
    Workflow,
)
from executions.schedules.changing import Wanted
from executions.schedules.changing import create as create_schedule
from executions.tokens import mint
from executions.verbs.rows import VERBS
from executions.workspaces.caring import storage
from tests.people import wants_a_restore

As = Callable[[User], Client]

# For each page: what the owner, another user, a viewer, support and an administrator get.
PAGES = {
    "overview": ("/", 200, 200, 200, 200, 200),
    "executions": ("/executions/", 200, 200, 200, 200, 200),
    "executions-new-count": ("/executions/new-count", 200, 200, 200, 200, 200),
    "execution": ("/executions/{wex}/", 200, 404, 200, 200, 200),
    "execution-step": ("/executions/{wex}/steps/{stp}", 200, 404, 200, 200, 200),
    "execution-rounds": ("/executions/{wex}/rounds?of=/charge", 200, 404, 200, 200, 200),
    "execution-round": ("/executions/{wex}/round?at=/charge/@0", 200, 404, 200, 200, 200),
    "execution-earlier": ("/executions/{wex}/steps?before={stp}", 200, 404, 200, 200, 200),
    "execution-graph": ("/executions/{wex}/graph", 200, 404, 200, 200, 200),
    "execution-conversation": ("/executions/{aex}/conversation", 200, 404, 404, 200, 200),
    "execution-events": ("/executions/{wex}/events", 200, 404, 200, 200, 200),
    "execution-values": ("/executions/{wex}/values", 200, 404, 200, 200, 200),
    "execution-checkpoints": ("/executions/{wex}/checkpoints", 200, 404, 200, 200, 200),
    "execution-checkpoint": ("/executions/{wex}/checkpoints/0", 403, 404, 403, 200, 200),
    "execution-replay": ("/executions/{aex}/replay", 409, 404, 404, 409, 409),
    "execution-fork": ("/executions/{wex}/checkpoints/0/fork", 200, 404, 403, 403, 200),
    "execution-amend": ("/executions/{wex}/checkpoints/1/amend", 400, 404, 403, 403, 400),
    "execution-undo": ("/executions/{wex}/undo-restore", 403, 404, 403, 409, 409),
    "execution-moments": ("/executions/{wex}/moments?a=0&b=0", 200, 404, 200, 200, 200),
    "execution-compare": ("/executions/{wex}/compare?with={wex}", 200, 404, 200, 200, 200),
    "execution-recover": ("/executions/{wex}/recover", 200, 404, 403, 200, 200),
    "execution-override": ("/executions/{wex}/override", 403, 404, 403, 403, 200),
    "execution-audit": ("/executions/{wex}/audit", 200, 404, 200, 200, 200),
    "execution-export": ("/executions/{wex}/export", 200, 404, 403, 200, 200),
    "execution-stack": ("/executions/{wex}/stack", 403, 404, 403, 200, 200),
    "execution-stored": ("/executions/{aex}/stored/{digest}", 200, 404, 404, 200, 200),
    "execution-value": ("/executions/{wex}/value/input", 200, 404, 200, 200, 200),
    "step-value": ("/executions/{wex}/steps/{stp}/output", 200, 404, 200, 200, 200),
    "workflows": ("/workflows/", 200, 200, 200, 200, 200),
    "apply": ("/workflows/apply", 200, 200, 200, 200, 200),
    "workflow": ("/workflows/{wfl}/", 200, 200, 200, 200, 200),
    "workflow-version": ("/workflows/{wfl}/versions/1", 200, 200, 200, 200, 200),
    "objective": ("/workflows/{wfl}/objective", 200, 403, 403, 403, 200),
    "agents": ("/agents/", 200, 200, 200, 200, 200),
    "conversations": ("/agents/conversations", 200, 200, 200, 200, 200),
    "apply-agent": ("/agents/apply", 200, 200, 200, 200, 200),
    "agent": ("/agents/{agt}/", 200, 404, 404, 404, 200),
    "agent-version": ("/agents/{agt}/versions/1", 200, 404, 404, 404, 200),
    "audit": ("/audit/", 403, 403, 403, 200, 200),
    "audit-export": ("/audit/export", 403, 403, 403, 200, 200),
    "attention": ("/attention/", 200, 200, 200, 200, 200),
    "bulk-runs": ("/bulk/", 200, 200, 200, 200, 200),
    "bulk-run": ("/bulk/{blk}/", 200, 404, 404, 200, 200),
    "schedules": ("/schedules/", 200, 200, 200, 200, 200),
    "schedule-new": ("/schedules/new", 200, 200, 403, 200, 200),
    "schedule": ("/schedules/{sch}/", 200, 404, 200, 200, 200),
    "schedule-change": ("/schedules/{sch}/change", 200, 404, 403, 403, 200),
    "approvals": ("/approvals/", 200, 200, 200, 200, 200),
    "approvals-answered": ("/approvals/answered", 200, 200, 200, 200, 200),
    "approval": ("/approvals/{ask}/", 200, 404, 200, 200, 200),
    "events": ("/events/", 200, 200, 200, 200, 200),
    "sources": ("/events/sources/", 200, 200, 200, 200, 200),
    "source": ("/events/sources/{src}/", 200, 404, 404, 404, 200),
    "tokens": ("/tokens/", 200, 200, 200, 200, 200),
    "inbox": ("/inbox/", 200, 200, 200, 200, 200),
    "workers": ("/workers/", 200, 200, 200, 200, 200),
    "channels": ("/settings/notices/", 200, 200, 200, 200, 200),
    "channel": ("/settings/notices/{chn}/", 200, 404, 404, 404, 200),
    "workspaces": ("/workspaces/", 200, 200, 200, 200, 200),
    "execution-artifact": ("/executions/{wex}/artifacts/{art}", 200, 404, 403, 403, 200),
    "settings": ("/settings/", 200, 200, 200, 200, 200),
    "find": ("/find?q=works", 200, 200, 200, 200, 200),
    "words": ("/definitions/agent/words", 200, 200, 200, 200, 200),
    "live-changes": ("/live/changes", 200, 200, 200, 200, 200),
}
POSTS = {
    "act": ("/executions/{wex}/do/retry", 302, 404, 403, 302, 302),
    "audit-acknowledge": ("/audit/acknowledge", 403, 403, 403, 403, 409),
    "run-again": ("/executions/{wex}/again", 302, 404, 403, 403, 302),
    "executions-columns": ("/executions/columns", 302, 302, 403, 302, 302),
    "bulk": ("/executions/bulk", 400, 400, 403, 400, 400),
    "bulk-stop": ("/bulk/{blk}/stop", 302, 404, 403, 403, 302),
    "attention-note": ("/attention/{cause}/note", 302, 404, 403, 302, 302),
    "saved-view-keep": ("/executions/views", 400, 400, 400, 400, 400),
    "saved-view-forget": ("/executions/views/{svw}/forget", 302, 404, 404, 404, 404),
    "talk": ("/agents/{agt}/talk", 400, 404, 403, 404, 400),
    "take-back": ("/executions/{aex}/take-back", 409, 404, 403, 403, 409),
    "reply": ("/executions/{aex}/reply", 400, 404, 403, 404, 404),
    "check": ("/definitions/agent/check", 200, 200, 403, 200, 200),
    "respond": ("/approvals/{ask}/respond", 400, 404, 403, 404, 400),
    "schedule-act": ("/schedules/{sch}/pause", 302, 404, 403, 403, 302),
    "channel-act": ("/settings/notices/{chn}/off", 302, 404, 403, 404, 302),
    "source-rotate": ("/events/sources/{src}/rotate", 200, 404, 403, 404, 200),
    "source-delete": ("/events/sources/{src}/delete", 302, 404, 403, 404, 302),
    "token-revoke": ("/tokens/{key}/revoke", 302, 404, 404, 404, 404),
    "worker-act": ("/workers/{wrk}/drain", 403, 403, 403, 403, 302),
    "proposal-answer": ("/proposals/{prp}/agree", 403, 404, 403, 302, 302),
    "run": ("/workflows/{wfl}/run", 302, 302, 403, 302, 302),
    "inbox-read": ("/inbox/read", 302, 302, 302, 302, 302),
}


@pytest.fixture(autouse=True)
def artifacts(settings: Any, tmp_path: Path) -> None:
    settings.STIGMER_ARTIFACTS = tmp_path / "artifacts"


def kept_file(execution: Execution) -> Artifact:
    stored = storage().put(BytesIO(b"a report"), 100)
    return Artifact.objects.create(
        execution=execution, name="report.txt", digest=stored.digest, size=stored.size
    )


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
    begun = start_agent(agent, alice, message="hello")
    weekly = Wanted(name="weekly", workflow=failed.workflow.public_id, cron="0 9 * * 1")
    ids = {
        "art": kept_file(failed).public_id,
        "agt": agent.public_id,
        "aex": begun.public_id,
        "digest": stored_values.keep(begun.pk, "a large result"),
        "wex": failed.public_id,
        "wfl": failed.workflow.public_id,
        "stp": step.public_id,
        "ask": ask,
        "chn": Channel.objects.create(
            name="mine", kind="webhook", address="https://example.org/in", owner=alice
        ).public_id,
        "prp": wants_a_restore(failed).public_id,
        "wrk": Process.objects.create(kind="worker", host="test", pid=1, slots=1).public_id,
        "sch": create_schedule(alice, weekly).public_id,
        "src": create_source(alice, "carrier", "webhook")[0].public_id,
    }
    order = Order(VERBS["retry"], "one", failed.cause)
    bulk = begin(alice, order, [Chosen(failed.pk, failed.head_seq)])
    return {**ids, "key": key, "svw": view, "blk": bulk.public_id, "cause": failed.cause}


def test_every_address_stands_in_the_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == PAGES.keys() | POSTS.keys()


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_for_those_who_may_see_them(
    name: str,
    addresses: dict[str, str],
    alice: User,
    bob: User,
    viewer: User,
    support: User,
    admin: User,
    as_: As,
) -> None:
    address, *expected = PAGES[name]
    seen = [
        as_(user).get(address.format(**addresses)).status_code
        for user in (alice, bob, viewer, support, admin)
    ]
    assert seen == expected


@pytest.mark.parametrize("name", POSTS)
@pytest.mark.parametrize("who", range(5))
def test_actions_are_for_those_who_may_do_them(
    name: str,
    who: int,
    addresses: dict[str, str],
    failed: Execution,
    alice: User,
    bob: User,
    viewer: User,
    support: User,
    admin: User,
    as_: As,
) -> None:
    address, *expected = POSTS[name]
    user = (alice, bob, viewer, support, admin)[who]
    response = as_(user).post(address.format(**addresses), {"seq": failed.head_seq, "reason": "x"})
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
