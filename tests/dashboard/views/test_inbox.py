"""The inbox: what still wants somebody, each thing once, read by looking at it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries import inbox
from executions.ids import public_id
from executions.models import Ask, Execution, Notification
from executions.verbs.deciding import decisions

pytestmark = pytest.mark.database
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


def page_of(client: Client, query: str = "") -> str:
    return client.get(f"/inbox/{query}").content.decode()


def test_opening_a_run_reads_what_was_told_of_it(
    failed: Execution, alice: User, admin: User, as_: As
) -> None:
    as_(admin).get(f"/executions/{failed.public_id}/")
    assert Notification.objects.not_read().filter(user=alice).exists()
    client = as_(alice)
    client.get(f"/executions/{failed.public_id}/")
    assert not Notification.objects.not_read().exists()
    # It is read, and still wants somebody.
    assert "Step failed" in page_of(client) and " unread</span>" not in page_of(client)


def test_a_mended_failure_says_so_once_and_leaves(failed: Execution, alice: User, as_: As) -> None:
    client = as_(alice)
    decisions.retry(failed.pk, alice)
    assert '<span class="badge" id="unread-badge"></span>' in page_of(client, "?show=unread")
    first, then = page_of(client), page_of(client)
    assert "mended: goes on" in first and "Step failed" in first
    assert "Step failed" not in then and "Nothing to tell you" in then
    assert "mended: goes on" in page_of(client, "?show=all")


def test_a_failure_that_came_back_is_told_and_the_first_one_is_over(
    failed: Execution, alice: User, as_: As, drive: Callable[[Execution], Execution]
) -> None:
    decisions.retry(failed.pk, alice)
    assert drive(failed).phase == "FAILED"
    rows = Notification.objects.judged().order_by("pk")
    assert [row.is_settled for row in rows] == [True, False]  # type: ignore[attr-defined]
    assert '<span class="badge" id="unread-badge">1' in page_of(as_(alice), "?show=all")


def test_alike_are_one_row_and_are_read_together(
    begin: Callable[..., Execution],
    drive: Callable[[Execution], Execution],
    alice: User,
    as_: As,
) -> None:
    for _ in range(3):
        drive(begin(fails="the till is empty"))
    client = as_(alice)
    assert Notification.objects.count() == 3
    text = page_of(client)
    assert text.count('class="inbox-row') == 1
    assert "×3" in text and "and 2 more" in text
    newest = Notification.objects.order_by("-pk").first()
    assert newest is not None
    client.post("/inbox/read", {"one": public_id("ntf", newest.pk)})
    assert not Notification.objects.not_read().exists()


def test_a_question_is_open_until_it_is_answered_and_is_like_no_other(
    asked: Callable[..., Execution], alice: User, as_: As
) -> None:
    for _ in range(2):
        asked({"approvers": {"users": ["alice"]}})
    client = as_(alice)
    assert page_of(client, "?about=questions").count('class="inbox-row') == 2
    assert "Nothing of this kind" in page_of(client, "?about=failures")
    ask = Ask.objects.order_by("pk").first()
    assert ask is not None
    client.post(f"/approvals/{ask.public_id}/respond", {"outcome": "approve"})
    assert "answered</span>" in page_of(client)
    assert page_of(client).count('class="inbox-row') == 1


def test_what_is_unknown_in_the_address_shows_what_is_open(
    failed: Execution, alice: User, as_: As
) -> None:
    for query in ("?show=x&about=%00", "?before=ntf-x", "?before=ntf-00000000000000000000000000"):
        assert as_(alice).get(f"/inbox/{query}").status_code == 200


def test_older_rows_follow_on_the_next_page(
    begin: Callable[..., Execution],
    drive: Callable[[Execution], Execution],
    alice: User,
    as_: As,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "PAGE", 1)
    drive(begin(fails="empty"))
    newest = drive(begin(fails="empty"))
    Execution.objects.filter(pk=newest.pk).update(cause="another")
    client = as_(alice)
    text = page_of(client)
    assert text.count('class="inbox-row') == 1
    older = re.search(r'href="(\?[^"]+before=[^"]+)"', text)
    assert older is not None
    second = page_of(client, older[1].replace("&amp;", "&"))
    assert second.count('class="inbox-row') == 1 and "before=" not in second
