"""A person's settings: changed on their page, kept for every browser, and used by every page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import PersonalSettings

pytestmark = pytest.mark.database
As = Callable[[User], Client]


def test_what_is_chosen_stands_at_every_page_of_this_person_alone(
    alice: User, bob: User, as_: As
) -> None:
    chosen = {
        "time_zone": "Asia/Kolkata",
        "date_format": "dots",
        "theme": "dark",
        "density": "compact",
        "has_keys": "no",
    }
    assert as_(alice).post("/settings/", chosen).status_code == 302
    page = as_(alice).get("/inbox/").content.decode()
    for attribute in (
        'data-zone="Asia/Kolkata"',
        'data-dates="dots"',
        'data-theme="dark"',
        'data-density="compact"',
        'data-keys="off"',
    ):
        assert attribute in page, attribute
    assert 'data-theme="system"' in as_(bob).get("/inbox/").content.decode()


def test_a_button_changes_one_setting_and_leaves_the_others(alice: User, as_: As) -> None:
    client = as_(alice)
    client.post("/settings/", {"density": "compact"})
    answer = client.post("/settings/", {"theme": "light", "then": "/executions/?q=x"})
    assert answer.headers["Location"] == "/executions/?q=x"
    row = PersonalSettings.objects.of(alice)
    assert (row.density, row.theme, row.has_keys) == ("compact", "light", True)


@pytest.mark.parametrize("then", ["https://example.org/", "//example.org", "javascript:1", ""])
def test_it_leads_nowhere_outside(then: str, alice: User, as_: As) -> None:
    answer = as_(alice).post("/settings/", {"theme": "light", "then": then})
    assert answer.headers["Location"] == "/settings/"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "<b>" * 40),
        ("date_format", "roman"),
        ("theme", "pink"),
        ("density", ""),
    ],
)
def test_what_is_unknown_changes_nothing_and_is_kept_in_the_form(
    name: str, value: str, alice: User, as_: As
) -> None:
    client = as_(alice)
    answer = client.post("/settings/", {"has_keys": "no", name: value})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode() and "<b><b>" not in str(answer.content)
    assert not PersonalSettings.objects.exists()


def test_the_settings_are_gone_with_the_person(alice: User, as_: As) -> None:
    as_(alice).post("/settings/", {"theme": "dark"})
    alice.delete()
    assert not PersonalSettings.objects.exists()
