"""Applying, changing and listing; the history replayed; tokens and notifications of the caller."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import Step, Workflow
from executions.verbs.deciding import decisions
from tests.api.conftest import GOOD, HEAD, Caller, problem

pytestmark = pytest.mark.database
YAML = {"Content_Type": "application/yaml"}


def test_applying_the_same_text_twice_changes_nothing_and_another_makes_a_version(owner):
    text = HEAD % "orders" + GOOD
    first = owner.post("workflows", text, **YAML)
    assert (first.status_code, first.json()["result"], first.json()["version"]) == (
        201,
        "created",
        1,
    )
    assert first["Location"] == first.json()["links"]["self"]
    again = owner.post("workflows", text, **YAML)
    assert (again.status_code, again.json()["result"], again.json()["version"]) == (
        200,
        "unchanged",
        1,
    )
    other = owner.post("workflows", text + "- more: {set: {n: 3}}\n", **YAML)
    assert (other.json()["result"], other.json()["version"]) == ("updated", 2)
    versions = owner.get("workflows/orders/versions").json()["items"]
    assert [version["number"] for version in versions] == [2, 1]
    assert owner.get("workflows/orders/versions/1").json()["source"] == text


def test_a_definition_may_be_json(owner):
    document = {
        "document": {"dsl": "1.0.0", "namespace": "tests", "name": "in-json", "version": "1.0.0"}
    }
    assert owner.post("workflows", document | {"do": [{"a": {"set": {"n": 1}}}]}).status_code == 201


def test_a_dry_run_says_what_would_happen_and_stores_nothing(owner):
    body = owner.post("workflows?dry_run=true", HEAD % "orders" + GOOD, **YAML).json()
    assert (body["result"], body["dry_run"], body["id"]) == ("created", True, None)
    assert not Workflow.objects.exists()


def test_a_new_name_leaves_the_slug_and_the_default_instance_and_dates_the_wish_alone(
    owner, workflow
):
    before = owner.get("workflows/orders").json()
    after = owner(
        "PATCH", "workflows/orders", {"name": "Purchases", "labels": {"team": "shop"}}
    ).json()
    assert (after["metadata"]["name"], after["metadata"]["slug"]) == ("Purchases", "orders")
    assert after["metadata"]["labels"] == {"team": "shop"}
    assert (
        after["status"]["default_instance_id"]
        == before["status"]["default_instance_id"]
        is not None
    )
    audits = [
        (body["status"]["audit"]["spec_audit"], body["status"]["audit"]["status_audit"])
        for body in (before, after)
    ]
    assert audits[0][0]["updated_at"] < audits[1][0]["updated_at"]
    assert audits[0][1] == audits[1][1]


@pytest.mark.parametrize("field", ["id", "slug", "owner", "default_instance", "head_version"])
def test_what_may_not_change_is_refused(owner, workflow, field):
    body = problem(owner("PATCH", "workflows/orders", {field: "x"}), 422, "invalid")
    assert body["errors"][0]["pointer"] == f"#/{field}"


def test_pages_hold_everything_once_and_their_cursors_belong_to_their_list(
    owner, alice, workflow, worker
):
    ids = {owner.post("workflows/orders/run").json()["id"] for _ in range(5)}
    seen, path = [], "workflow-executions?limit=2"
    while path:
        page = owner.get(path).json()
        seen += [item["metadata"]["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        path = f"workflow-executions?limit=2&cursor={cursor}" if cursor else ""
    assert (len(seen), set(seen)) == (5, ids)
    assert seen == sorted(seen, reverse=True)
    first = owner.get("workflow-executions?limit=2").json()["next_cursor"]
    problem(owner.get(f"workflows?cursor={first}"), 422, "invalid")


def test_filters_narrow_the_list(people, failed, workflow, worker):
    execution = failed()
    owner = people["owner"]
    owner.post("workflows/orders/run", X_Correlation_ID="find-me")
    type(execution).objects.exclude(pk=execution.pk).update(parent=execution)
    for query, found in [
        ("phase=FAILED", 1),
        ("phase=PENDING&phase=FAILED", 2),
        ("workflow=orders", 1),
        ("needs_attention=true", 1),
        ("correlation_id=find-me", 1),
        (f"text={execution.public_id}", 1),
        ("text=ORDERS", 1),
        ("owner=bob", 0),
        (f"parent={execution.public_id}", 1),
        ("owner=me", 2),
        ("q=status:pending+owner:me+ORDERS", 1),
        ("q=status:attention&phase=PENDING", 0),
        (f"created_after={(timezone.now() + timedelta(days=1)).strftime('%Y-%m-%dT%H:%M:%SZ')}", 0),
    ]:
        assert len(owner.get(f"workflow-executions?{query}").json()["items"]) == found, query
    assert people["stranger"].get("workflow-executions").json()["items"] == []
    refused = owner.get("workflow-executions?q=status:nope")
    assert "There is no status “nope”." in problem(refused, 400, "invalid-argument")["detail"]


def test_the_history_replayed_gives_the_states_of_all_tasks(owner, failed, drive, alice):
    execution = failed(optional=True)
    decisions.retry(execution.pk, alice)
    decisions.skip(drive(execution).pk, alice)
    drive(execution)
    entries, after = [], 0
    while after is not None:
        page = owner.get(
            f"workflow-executions/{execution.public_id}/events?limit=3&after={after}"
        ).json()
        entries += page["items"]
        after = page["next_after"]
    seqs = [entry["seq"] for entry in entries]
    assert seqs == sorted(set(seqs)) and seqs[-1] == page["head_seq"]
    states: dict[str, str] = {}
    for entry in entries:
        if entry["type"] == "decision":
            states = {
                path: status for path, status in states.items() if path not in entry["supersedes"]
            }
        elif entry["type"] == "step":
            states[entry["path"]] = entry["status"]
    standing = Step.objects.filter(execution=execution).standing().tasks()
    assert states == dict(standing.values_list("path", "status"))
    assert {entry["name"] for entry in entries if entry["type"] == "event"} >= {
        "WORKFLOW_STEP_FAILED"
    }


def test_checkpoints_are_places_to_restore_to(people, failed):
    execution = failed()
    (checkpoint,) = (
        people["owner"]
        .get(f"workflow-executions/{execution.public_id}/checkpoints")
        .json()["items"]
    )
    assert checkpoint["path"] == "/first"
    body = {"checkpoint_seq": checkpoint["seq"], "reason": "The stock was counted anew"}
    restored = people["support"].post(f"workflow-executions/{execution.public_id}/restore", body)
    assert (restored.status_code, restored.json()["checkpoint_seq"]) == (200, checkpoint["seq"])


@pytest.mark.parametrize("role", ["support", "admin"])
def test_a_failed_step_shows_its_error_and_who_looks_after_all_finds_the_run(people, failed, role):
    execution = failed()
    steps = (
        people["owner"]
        .get(f"workflow-executions/{execution.public_id}/steps?status=FAILED")
        .json()["items"]
    )
    assert steps[0]["error"]["detail"] == "No stock"
    (found,) = people[role].get("admin/workflows/failed").json()["items"]
    assert (found["execution_id"], found["reason"], found["step"]) == (
        execution.public_id,
        "No stock",
        "/bad",
    )
    assert found["failed_at"] and found["requires_manual_intervention"] is False


def test_notifications_are_read_once(owner, failed):
    failed()
    (told,) = owner.get("notifications?unread=true").json()["items"]
    assert (told["event"], told["read_at"]) == ("WORKFLOW_STEP_FAILED", None)
    assert owner.post("notifications/read", {"ids": [told["id"]]}).json() == {
        "read": 1,
        "unread": 0,
    }
    assert owner.post("notifications/read").json() == {"read": 0, "unread": 0}


def test_a_session_makes_a_token_that_is_shown_once_and_revokes_itself(alice: User):
    browser = Client()
    browser.force_login(alice)
    given = json.dumps({"name": "CI", "scopes": ["read"], "days": 7})
    made = browser.post("/api/v1/tokens", given, content_type="application/json")
    assert made.status_code == 201, made.content
    caller = Caller(alice, made.json()["secret"])
    (listed,) = caller.get("tokens").json()["items"]
    assert "secret" not in listed and listed["last_characters"] == made.json()["secret"][-6:]
    problem(caller.post("tokens", {"name": "more", "scopes": ["read"]}), 403, "forbidden")
    assert caller("DELETE", f"tokens/{listed['id']}").status_code == 204
    problem(caller.get("tokens"), 401, "unauthenticated")


def test_the_settings_of_the_caller_are_read_and_changed_by_name(owner):
    assert owner.get("me/settings").json() == {
        "language": "browser",
        "time_zone": "browser",
        "date_format": "iso",
        "theme": "system",
        "density": "comfortable",
        "has_keys": True,
        "columns": "",
    }
    changed = owner("PATCH", "me/settings", {"time_zone": "Europe/Berlin", "has_keys": False})
    assert changed.status_code == 200
    assert changed.json()["time_zone"] == "Europe/Berlin" and not changed.json()["has_keys"]
    refused = problem(owner("PATCH", "me/settings", {"time_zone": "Mars/Olympus"}), 422, "invalid")
    assert refused["errors"][0]["pointer"] == "#/time_zone"
    problem(owner("PATCH", "me/settings", {"density": "dense"}), 422, "invalid")
    assert owner.get("me/settings").json() == changed.json()


def test_a_search_by_words_looks_at_so_many_runs_at_a_time_and_leads_on(
    owner, workflow, worker, monkeypatch
):
    monkeypatch.setattr("executions.api.routes.executions.SEARCHED", 2)
    for name in ("parcel one", "two", "three", "four"):
        owner.post("workflows/orders/run", {"input": {"n": 1}, "name": name})
    found = owner.get("workflow-executions?q=parcel").json()
    assert found["items"] == [] and found["next_cursor"]
    older = owner.get(f"workflow-executions?q=parcel&cursor={found['next_cursor']}").json()
    assert [each["metadata"]["name"] for each in older["items"]] == ["parcel one"]
