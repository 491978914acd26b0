"""What every door refuses, in its own format."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db
LARGE = b"x" * 3_000_000


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/healthz", "application/problem+json"),
        ("/readyz", "application/problem+json"),
        ("/metrics", "text/plain"),
        ("/api/v1/workflows", "application/problem+json"),
        ("/admin/login/", "text/html"),
        ("/executions/wex-x/do/retry", "text/html"),
        ("/log-in", "text/html"),
        ("/nowhere", "text/html"),
    ],
)
def test_a_large_body_is_413_at_every_door_in_its_own_format(
    client: Client, path: str, kind: str
) -> None:
    response = client.post(path, LARGE, content_type="application/octet-stream")
    assert response.status_code == 413
    assert response["Content-Type"].startswith(kind)
    assert "2,621,440 bytes" in response.content.decode()


def test_a_button_whose_form_is_too_large_gets_a_notice_in_its_place(client: Client) -> None:
    response = client.post(
        "/executions/wex-x/do/retry", {"arguments": "x" * 3_000_000}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 413 and response["X-Explained"]
    assert response.content.startswith(b'<div class="notice') and b"<html" not in response.content


@pytest.fixture
def by_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True


@pytest.mark.parametrize("path", ["/api/v1/workflows", "/api/v1/nowhere"])
def test_the_api_by_plain_http_is_refused_and_not_redirected(
    by_https: None, client: Client, path: str
) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert response.json()["type"] == "/problems/forbidden"
    assert "revoke it" in response.json()["remedy"]
    assert client.get(path, secure=True).status_code in (401, 404)


def test_a_token_by_plain_http_is_refused_at_every_door(by_https: None, client: Client) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 403


def test_a_page_by_plain_http_is_redirected_and_health_answers(
    by_https: None, client: Client
) -> None:
    response = client.get("/log-in")
    assert (response.status_code, response["Location"]) == (301, "https://testserver/log-in")
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_posts_of_pages_and_requests_of_the_api_share_one_bucket(
    client: Client, settings: Any, redis_client: redis.Redis
) -> None:
    settings.STIGMER_API_RATE = 4
    client.force_login(User.objects.create_superuser("ada"))
    assert [client.post(path).status_code for path in ("/inbox/read", "/executions/bulk")] == [
        302,
        400,
    ]
    assert client.get("/api/v1/workflows").status_code == 200
    assert client.post("/admin/auth/user/add/").status_code == 200
    refused = client.post("/inbox/read")
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    assert refused["Content-Type"].startswith("text/html")
    notice = client.post("/inbox/read", headers={"HX-Request": "true"})
    assert notice.status_code == 429 and notice["X-Explained"] and b"<html" not in notice.content
    assert client.get("/api/v1/workflows").status_code == 429
    assert client.get("/inbox/").status_code == 200, "who only reads pages is not counted"


def test_strangers_are_counted_by_their_address(
    client: Client, settings: Any, redis_client: redis.Redis
) -> None:
    settings.STIGMER_API_RATE = 2
    answers = [
        client.post("/log-in", {"username": "", "password": ""}).status_code for _ in range(3)
    ]
    assert answers == [200, 200, 429]
    assert client.post("/log-in", {}, REMOTE_ADDR="192.0.2.9").status_code == 200
