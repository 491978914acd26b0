"""The page with the trail of everybody."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import audit
from tests.audit import tampering as world

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def entries() -> list[int]:
    return [
        audit.record_account("log in", name, None, after={"address": "192.0.2.1"}).pk
        for name in ("ann", "bob", "carl", "dora", "<b>emil</b>")
    ]


def test_it_shows_the_newest_first_and_what_the_filters_leave(
    root: Client, entries: list[int]
) -> None:
    page = root.get("/audit/").content.decode()
    assert page.index("dora") < page.index("ann")
    assert "<b>emil" not in page and "192.0.2.1" in page
    page = root.get("/audit/?who=ann&what=log+in&since=2020-01-01&until=nonsense").content.decode()
    assert "ann" in page and "dora" not in page
    assert "None match" in root.get("/audit/?until=2020-01-01").content.decode()


def test_a_filtered_file_can_be_downloaded(root: Client, entries: list[int]) -> None:
    answer = root.get("/audit/export?who=ann&format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    lines = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
    assert [line[2] for line in lines] == ["who", "ann"]
    assert len(root.get("/audit/export?format=json").json()) == 5


def test_too_much_for_a_download_is_refused_and_not_cut(
    root: Client, entries: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.audit.MOST", 3)
    answer = root.get("/audit/export")
    assert (answer.status_code, b"More than 3 entries fit" in answer.content) == (400, True)


def test_a_break_is_shown_and_can_be_acknowledged(root: Client, entries: list[int]) -> None:
    world.edit(entries)
    audit.go_on()
    page = root.get("/audit/").content.decode()
    assert "The trail is broken" in page and "Acknowledge" in page
    assert root.post("/audit/acknowledge", {"reason": " "}).status_code == 400
    assert root.post("/audit/acknowledge", {"reason": "a drill"}).status_code == 302
    page = root.get("/audit/").content.decode()
    assert "The trail is broken" not in page
    assert "1 acknowledged break" in page and "a drill" in page
