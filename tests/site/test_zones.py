"""The zone of the installation and that of the browser."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.utils import timezone

from dashboard.templatetags import words
from executions.admin.rendering import moment
from executions.searching.typed import parse
from stigmer_site import zones
from tests.cli.terminal import Terminal

AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def shown_to(**cookies: str) -> str:
    """A moment as a request with these cookies is shown it."""
    request = HttpRequest()
    request.COOKIES = cookies
    page = zones.of_the_browser(lambda request: HttpResponse(zones.exact(AT)))
    response = page(request)
    assert isinstance(response, HttpResponse)
    return response.content.decode()


def test_pages_are_in_the_zone_of_the_installation() -> None:
    assert shown_to() == "2026-07-01 22:30:00 UTC"
    with override_settings(TIME_ZONE="Europe/Berlin"):
        assert shown_to() == "2026-07-02 00:30:00 CEST"
        assert ">2026-07-02</time>" in words.day(AT)


def test_the_zone_that_the_browser_told_counts_for_its_requests_alone() -> None:
    with override_settings(TIME_ZONE="Europe/Berlin"):
        assert shown_to(**{zones.COOKIE: "Asia/Tokyo"}) == "2026-07-02 07:30:00 JST"
        assert shown_to() == "2026-07-02 00:30:00 CEST"


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "America", "x" * 5000, "\0"]
)
def test_what_is_no_zone_counts_as_none(name: str) -> None:
    assert shown_to(**{zones.COOKIE: name}) == "2026-07-01 22:30:00 UTC"


def test_a_day_that_a_person_types_begins_in_their_zone() -> None:
    with timezone.override("Asia/Tokyo"):
        found = parse("after:2026-07-01 before:2026-07-02T08:00", AT).search
    assert found.after == datetime(2026, 6, 30, 15, tzinfo=UTC)
    assert found.before == datetime(2026, 7, 1, 23, tzinfo=UTC)


def test_the_admin_shows_the_zone() -> None:
    assert moment(AT) == "2026-07-01 22:30:00 UTC"


def test_a_zone_that_there_is_none_of_is_named_in_a_line(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, {"STIGMER_TIME_ZONE": "Mars/Base"})
    said = terminal.apart("check")
    assert said.code == 1
    assert "'Mars/Base' is no time zone. Use a name such as UTC or Europe/Berlin." in said.err
    assert "Traceback" not in said.err
