"""Text travels compressed; streams, secrets and sequences do not."""

from __future__ import annotations

import gzip

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db
ACCEPTS = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("alice"))
    return client


@pytest.mark.parametrize("address", ["/executions/", "/tokens/", "/api/v1/openapi.json"])
def test_pages_and_documents_travel_compressed(client: Client, address: str) -> None:
    plain = client.get(address)
    packed = client.get(address, headers=ACCEPTS)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.content) < len(plain.content) / 2
    assert gzip.decompress(packed.content)[:15] == plain.content[:15]


def test_a_secret_that_is_shown_once_is_not_compressed(client: Client) -> None:
    shown = client.post("/tokens/", {"name": "a script", "scope": "read"}, headers=ACCEPTS)
    assert "Content-Encoding" not in shown.headers


def test_short_answers_stay_as_they_are(client: Client) -> None:
    assert "Content-Encoding" not in client.get("/healthz", headers=ACCEPTS).headers
