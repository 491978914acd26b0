"""Signed webhooks: what is signed a moment ago is kept once, anything else is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.test import Client

from executions.inbound import signing, sources, visits
from executions.models import AuditEntry, CloudEvent, EventSource
from tests.api.conftest import problem

pytestmark = pytest.mark.database
BODY = b'{"order": 17}'


@pytest.fixture
def source(alice: Any) -> tuple[EventSource, str]:
    return sources.create(alice, "carrier", "com.carrier.news")


def send(source: EventSource, secret: str, **how: Any) -> Any:
    body = how.pop("body", BODY)
    at = str(how.pop("at", int(time.time())))
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Stigmer-Timestamp": at, "X-Stigmer-Signature": f"sha256={signed}"}
    headers |= how.pop("headers", {})
    content_type = how.pop("content_type", "application/json")
    path = how.pop("path", f"/hooks/{source.public_id}")
    return Client().generic("POST", path, body, content_type=content_type, headers=headers)


def test_a_signed_webhook_is_an_event_of_the_owner_of_its_source(source, alice):
    answer = send(*source)
    assert answer.status_code == 202
    event = CloudEvent.objects.get()
    assert (event.owner, event.type, event.body["data"]) == (
        alice,
        "com.carrier.news",
        {"order": 17},
    )
    assert EventSource.objects.get().heard_at is not None


def test_the_same_webhook_again_is_the_same_event(source):
    at = int(time.time())
    answers = [send(*source, at=at).json() for _ in range(2)]
    assert [each["events"][0]["duplicate"] for each in answers] == [False, True]


@pytest.mark.parametrize(
    "how",
    [
        {"seconds": -signing.WINDOW_SECONDS - 60},
        {"seconds": signing.WINDOW_SECONDS + 60},
        {"headers": {"X-Stigmer-Signature": "sha256=00"}},
        {"headers": {"X-Stigmer-Signature": ""}},
        {"headers": {"X-Stigmer-Timestamp": "now"}},
        {"headers": {"X-Stigmer-Timestamp": "9" * 40}},
        {"headers": {"X-Stigmer-Timestamp": "1"}},
    ],
)
def test_what_is_not_signed_now_is_refused(source, how):
    given = dict(how)
    if "seconds" in given:
        # Counted from when it is sent: the whole suite takes longer than the window.
        given["at"] = int(time.time()) + given.pop("seconds")
    problem(send(*source, **given), 401, "unauthenticated")
    assert not CloudEvent.objects.exists()


def test_another_body_or_secret_is_refused(source, people):
    body, (row, secret) = b'{"order": 18}', source
    at = str(int(time.time()))
    headers = {
        "X-Stigmer-Timestamp": at,
        "X-Stigmer-Signature": signing.signature(secret, at, body),
    }
    problem(send(row, secret, headers=headers), 401, "unauthenticated")
    fresh = people["owner"].post(f"event-sources/{row.public_id}/rotate").json()["secret"]
    problem(send(row, secret), 401, "unauthenticated")
    row.refresh_from_db()
    assert send(row, fresh).status_code == 202


def test_an_unknown_source_is_not_there(source):
    row, secret = source
    for path in ("/hooks/src-00000000000000000000000000", "/hooks/x"):
        problem(send(row, secret, path=path), 404, "not-found")
    row.owner.is_active = False
    row.owner.save()
    problem(send(row, secret), 404, "not-found")
    assert Client().get(f"/hooks/{row.public_id}").status_code == 405


def test_a_webhook_may_be_a_cloud_event(source):
    event = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1", "data": 1}
    body = json.dumps([event, {**event, "id": "2"}]).encode()
    kind = "application/cloudevents-batch+json"
    assert send(*source, body=body, content_type=kind).status_code == 202
    assert CloudEvent.objects.filter(type="t").count() == 2
    problem(send(*source, body=b"{}", content_type="application/cloudevents+json"), 422, "invalid")
    problem(send(*source, body=b"{"), 400, "malformed")


def test_the_secret_is_shown_once_and_kept_nowhere(owner):
    made = owner.post("event-sources", {"name": "shop"}).json()
    assert made["secret"].startswith(signing.PREFIX)
    assert "secret" not in owner.get("event-sources").json()["items"][0]
    values = EventSource.objects.values().get()
    assert made["secret"] not in str(values)
    assert AuditEntry.objects.filter(verb="create event source").exists()
    problem(owner.post("event-sources", {"name": "shop"}), 409, "conflict")
    assert owner("DELETE", f"event-sources/{made['id']}").status_code == 204
    assert not EventSource.objects.exists()


def test_what_came_last_says_why_it_was_refused(source, redis_client):
    row, secret = source
    send(row, secret)
    send(row, "wrong")
    send(row, secret, body=b"{", at=int(time.time()))
    found = visits.latest(row)
    assert found is not None
    assert [bool(each.reason) for each in found] == [True, True, False]
    assert "X-Stigmer-Signature" in found[1].reason and found[2].events == 1
    key = row.pk
    sources.delete(row, row.owner)
    row.pk = key
    assert visits.latest(row) == []
