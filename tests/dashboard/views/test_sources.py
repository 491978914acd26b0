"""Sources of webhooks in the browser: the secret once, another one, and why something was refused."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import Any

import pytest
from django.test import Client

from executions.models import CloudEvent, EventSource

pytestmark = pytest.mark.database


def sent(source: EventSource, secret: str) -> int:
    at, body = str(int(time.time())), b'{"order": 17}'
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Stigmer-Timestamp": at, "X-Stigmer-Signature": f"sha256={signed}"}
    path = f"/hooks/{source.public_id}"
    answer = Client().generic("POST", path, body, content_type="application/json", headers=headers)
    return answer.status_code


def secret_in(text: str) -> str:
    found = re.search(r"whs_[\w-]+", text)
    assert found is not None
    return found[0]


def test_its_secret_is_shown_once_and_what_it_sends_stands_on_its_page(
    as_: Any, alice: Any, redis_client: Any
) -> None:
    client = as_(alice)
    made = client.post("/events/sources/", {"name": "Carrier", "type": "com.carrier.news"})
    secret = secret_in(made.content.decode())
    source = EventSource.objects.get()
    page = f"/events/sources/{source.public_id}/"
    assert secret not in client.get("/events/sources/").content.decode()
    assert sent(source, secret) == 202
    assert sent(source, "whs_wrong") == 401
    assert CloudEvent.objects.get().type == "com.carrier.news"
    text = client.get(page).content.decode()
    assert "refused" in text and "X-Stigmer-Signature" in text and "1 new" in text
    again = secret_in(client.post(page + "rotate").content.decode())
    assert again != secret
    assert (sent(source, secret), sent(source, again)) == (401, 202)
    assert client.post(page + "delete").status_code == 302
    assert sent(source, again) == 404


def test_what_is_refused_keeps_what_was_typed(as_: Any, alice: Any) -> None:
    answer = as_(alice).post("/events/sources/", {"name": "x", "type": "io.stigmer.signal"})
    assert answer.status_code == 400 and b"io.stigmer.signal" in answer.content
    assert not EventSource.objects.exists()
