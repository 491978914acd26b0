from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from executions.ids import public_id
from executions.models import Execution, Notification

As = Callable[[User], Client]


def test_who_was_away_finds_the_failure_and_its_badge(
    failed: Execution, alice: User, as_: As
) -> None:
    text = as_(alice).get("/inbox/").content.decode()
    assert "Step failed" in text and "multiple attempts" not in text
    assert '<span class="badge" id="unread-badge">1' in text


def test_reading_takes_the_badge_away(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    client.post("/inbox/read")
    assert '<span class="badge" id="unread-badge"></span>' in client.get("/inbox/").content.decode()


def test_nobody_reads_for_somebody_else(failed: Execution, bob: User, as_: As) -> None:
    row = Notification.objects.get()
    as_(bob).post("/inbox/read", {"one": public_id("ntf", row.pk)})
    row.refresh_from_db()
    assert row.read_at is None


def test_reading_does_not_lead_away_from_the_site(failed: Execution, alice: User, as_: As) -> None:
    for then in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert as_(alice).post("/inbox/read", {"then": then}).headers["Location"] == "/inbox/"
