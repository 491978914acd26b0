"""A part of a page that takes too long is left out, named, and harms nothing beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client

from dashboard.queries import attention, executions, how_often, overview
from executions import in_time
from executions.models import Execution

pytestmark = [pytest.mark.django_db, pytest.mark.database]
AsUser = Callable[[User], Client]
ENDLESS = """WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted)
SELECT count(*) FROM counted"""


def _read(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_a_query_without_end_is_given_up_and_the_connection_goes_on():
    assert in_time.in_time("endless", lambda: _read(ENDLESS), seconds=0.3) is None
    assert _read("SELECT 7") == 7
    assert in_time.in_time("short", lambda: _read("SELECT 8")) == 8


def test_what_several_parts_have_together_is_up_for_all_of_them():
    time = in_time.Time(0.3)
    assert in_time.in_time("endless", lambda: _read(ENDLESS), time.left()) is None
    assert time.left() == 0.0
    assert in_time.in_time("short", lambda: _read("SELECT 8"), time.left()) is None
    assert in_time.in_time("short", lambda: _read("SELECT 8")) == 8


def test_an_error_of_another_kind_is_not_hidden():
    def broken() -> Any:
        raise OperationalError("no such thing")

    with pytest.raises(OperationalError, match="no such thing"):
        in_time.in_time("broken", broken)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/", "could not be counted in time"),
        ("/workflows/", "could not be counted in time"),
        ("/executions/", "This took too long"),
        ("/executions/?q=charge", "Narrow the search"),
        ("/attention/", "This took too long"),
    ],
)
def test_a_page_is_shown_without_the_part_that_took_too_long(
    address: str, says: str, begin: Any, admin: User, as_: AsUser, monkeypatch: pytest.MonkeyPatch
):
    begin()
    for module in (attention, executions, how_often, overview):
        monkeypatch.setattr(module, "in_time", lambda part, work, seconds=0.0: None)
    answer = as_(admin).get(address)
    assert answer.status_code == 200
    assert says in answer.content.decode()


def test_runs_are_counted_among_the_newest_only(
    begin: Any, alice: User, as_: AsUser, monkeypatch: pytest.MonkeyPatch
):
    first: Execution = begin()
    for _ in range(4):
        begin()
    assert first.workflow_id is not None
    counts = how_often.counts(alice, "workflow")
    assert counts is not None and (counts.runs[first.workflow_id], counts.is_all) == (5, True)
    monkeypatch.setattr(how_often, "COUNTED", 3)
    counts = how_often.counts(alice, "workflow")
    assert counts is not None and (counts.runs[first.workflow_id], counts.is_all) == (3, False)
    assert "Runs are counted among the newest" in as_(alice).get("/workflows/").content.decode()
