"""The sweep verifies the trail bit by bit, and what it finds is told wherever people look."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from executions import audit
from executions.audit import rounds, verifying
from executions.health.checks import State, check_audit_trail
from executions.models import AuditEntry, Process, Turn
from executions.recovery.sweep import sweep
from tests.audit import tampering as world

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(
        rounds.log, "error", lambda event, **values: told.append({"event": event, **values})
    )
    return told


def test_it_goes_on_from_where_it_stopped_and_begins_anew_at_the_end(entries: list[int]) -> None:
    seen = []
    for _ in range(4):
        audit.go_on(2)
        known = audit.findings()
        seen.append((known.id, known.this.entries, known.last.entries))
    assert seen == [(entries[1], 2, 0), (entries[3], 4, 0), (0, 0, 5), (entries[1], 2, 5)]


def test_what_a_round_costs_does_not_grow_with_the_trail(entries: list[int]) -> None:
    def cost() -> int:
        audit.go_on(2)
        with CaptureQueriesContext(connection) as asked:
            audit.go_on(2)
        return len(asked)

    few = cost()
    for number in range(50):
        audit.record_account("log in", f"p{number}", None)
    assert cost() <= few


def test_a_batch_of_nothing_but_problems_stops_early(entries: list[int]) -> None:
    for number in range(100):
        audit.record_account("log in", f"p{number}", None)
    with world.past_the_guards():
        AuditEntry.objects.update(actor_name="x")
    audit.go_on(1_000)
    assert audit.findings().this.entries == 20


def test_the_sweep_finds_what_was_edited_and_says_so_once(
    entries: list[int], logged: list[dict[str, Any]]
) -> None:
    sweep()
    assert logged == []
    world.edit(entries)
    sweep()
    sweep()
    assert [(line["event"], line["entry"], line["how"]) for line in logged] == [
        ("the audit trail is broken", entries[1], "edited")
    ]


def test_a_whole_trail_rests_until_it_grows(
    entries: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "REST_SECONDS", 1e9)
    watcher = audit.Watcher()

    def found() -> int:
        watcher.go_on(Turn.objects.get(pk=audit.CHAIN).value)
        return audit.findings().number

    assert found() == 0
    world.edit(entries)
    assert found() == 0
    audit.record_account("log in", "fred", None)
    assert found() == 1
    world.delete(entries)
    assert found() > 1, "a broken trail does not rest"


def test_after_its_rest_a_trail_that_did_not_grow_is_verified(
    entries: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "REST_SECONDS", 0.0)
    watcher = audit.Watcher()
    watcher.go_on("the end")
    world.edit(entries)
    watcher.go_on("the end")
    assert audit.findings().number == 1


def test_what_was_found_is_known_until_a_whole_round_finds_it_mended(entries: list[int]) -> None:
    name = AuditEntry.objects.get(pk=entries[1]).actor_name
    world.edit(entries)
    audit.go_on()
    world.change(entries[1], actor_name=name)
    audit.go_on(2)
    assert audit.findings().problems
    audit.go_on()
    assert not audit.findings().problems


def test_two_sweeps_at_once_keep_one_result(
    entries: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.edit(entries)
    other = verifying.verify_batch

    def beaten(*arguments: Any) -> Any:
        monkeypatch.setattr(rounds, "verify_batch", other)
        assert len(audit.go_on()) == 1
        return other(*arguments)

    monkeypatch.setattr(rounds, "verify_batch", beaten)
    assert audit.go_on() == ()
    assert audit.findings().number == 1


def test_a_place_that_somebody_spoilt_begins_anew(entries: list[int]) -> None:
    audit.go_on(2)
    Turn.objects.filter(pk=rounds.NAME).update(value="{")
    audit.go_on(2)
    assert audit.findings().this.entries == 2


def test_a_broken_trail_keeps_the_server_ready_and_tells_why(
    client: Client, entries: list[int]
) -> None:
    Process.objects.create(kind="worker", host="here", pid=1)
    assert check_audit_trail().state == State.OK
    sweep()
    assert check_audit_trail().detail.startswith("5 entries verified")
    world.delete(entries)
    sweep()
    response = client.get("/readyz")
    (check,) = [check for check in response.json()["checks"] if check["name"] == "audit_trail"]
    assert (response.status_code, check["ok"], check["state"], check["figure"]) == (
        200,
        True,
        "degraded",
        1,
    )
    assert f"Between entry {entries[1]} and entry {entries[3]}" in check["detail"]
    assert "`stigmer audit verify`" in check["remedy"]
    assert (
        b"The audit trail is broken"
        in client.get("/readyz", headers={"Accept": "text/html"}).content
    )


def test_administrators_see_it_on_the_overview_and_nobody_else(
    client: Client, entries: list[int]
) -> None:
    world.edit(entries)
    sweep()
    for name, is_admin in (("root", True), ("alice", False)):
        user = User.objects.create_user(name, is_superuser=is_admin)
        client.force_login(user)
        assert (b"The audit trail is broken" in client.get("/").content) == is_admin
    from executions.health.metrics import exposition

    assert "stigmer_audit_problems 1.0" in exposition().splitlines()
