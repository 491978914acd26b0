"""What every door refuses, in its own format."""

from __future__ import annotations

import pytest
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
def test_a_large_body_is_413_at_every_door_in_its_own_format(client: Client, path: str, kind: str) -> None:
    response = client.post(path, LARGE, content_type="application/octet-stream")
    assert response.status_code == 413
    assert response["Content-Type"].startswith(kind)
    assert "2,621,440 bytes" in response.content.decode()


def test_a_button_whose_form_is_too_large_gets_a_notice_in_its_place(client: Client) -> None:
    response = client.post("/executions/wex-x/do/retry", {"arguments": "x" * 3_000_000}, headers={"HX-Request": "true"})
    assert response.status_code == 413 and response["X-Explained"]
    assert response.content.startswith(b'<div class="notice') and b"<html" not in response.content
