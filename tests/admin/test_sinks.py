"""Sinks are declared in the admin, and what was given up is sent again from there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from executions import clock
from executions.models import AuditEntry, Channel, Sending
from executions.outbound.lifecycle import TYPES

pytestmark = pytest.mark.database
AsUser = Callable[[User], Client]
ADD = "admin:executions_channel_add"


def form(**changes: object) -> dict[str, object]:
    given = {
        "kind": "events",
        "name": "ops",
        "address": "https://example.org/in",
        "is_active": "on",
    }
    return {**given, "types": [TYPES[0]], "rhythm": "at once", "secret": "HOOK", **changes}


def test_an_administrator_declares_one(admin: User, as_user: AsUser) -> None:
    answer = as_user(admin).post(reverse(ADD), form())
    assert answer.status_code == 302
    made = Channel.objects.get()
    assert (made.name, made.types, made.secret) == ("ops", [TYPES[0]], "HOOK")


@pytest.mark.parametrize(
    "wrong", [{"address": "https://user:word@example.org"}, {"types": ["x"]}, {"name": "a b"}]
)
def test_what_is_no_sink_is_told(admin: User, as_user: AsUser, wrong: dict[str, object]) -> None:
    answer = as_user(admin).post(reverse(ADD), form(**wrong))
    assert answer.status_code == 200 and not Channel.objects.exists()
    assert list(answer.context["adminform"].form.errors) == list(wrong)


def test_support_looks_and_declares_nothing(support: User, as_user: AsUser) -> None:
    client = as_user(support)
    assert client.get(reverse("admin:executions_channel_changelist")).status_code == 200
    assert client.post(reverse(ADD), form()).status_code == 403


def test_turned_on_again_it_hears_from_now_on(admin: User, as_user: AsUser) -> None:
    sink = Channel.objects.create(name="ops", address="https://example.org", is_active=False)
    Channel.objects.update(failures=9, problem="away", hears_from="2020-01-01T00:00:00Z")
    page = reverse("admin:executions_channel_change", args=[sink.pk])
    assert as_user(admin).post(page, form()).status_code == 302
    sink.refresh_from_db()
    assert sink.is_active and sink.failures == 0 and sink.problem == ""
    assert sink.hears_from.year > 2020


def test_what_was_given_up_is_sent_again(admin: User, support: User, as_user: AsUser) -> None:
    sink = Channel.objects.create(name="ops", address="https://example.org")
    row = Sending.objects.create(
        channel=sink, key="k", type="t", body={"id": "1"}, dead_at=clock.now(), tries=20
    )
    page, asked = (
        reverse("admin:executions_sending_changelist"),
        {"action": "send_again", "_selected_action": [str(row.pk)]},
    )
    as_user(support).post(page, asked)
    assert Sending.objects.dead().exists()
    as_user(admin).post(page, asked)
    row.refresh_from_db()
    assert row.dead_at is None and row.tries == 0
    assert AuditEntry.objects.filter(verb="send again").exists()
