from __future__ import annotations

import re

import pytest
import structlog
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_callers_correlation_id_comes_back(client: Client) -> None:
    response = client.get("/healthz", headers={"X-Correlation-ID": "order-4711"})
    assert response["X-Correlation-ID"] == "order-4711"


@pytest.mark.parametrize("asked", ["", "two words", "x" * 65, "line\\u2028break", "<b>"])
def test_a_malformed_one_is_replaced(client: Client, asked: str) -> None:
    response = client.get("/healthz", headers={"X-Correlation-ID": asked})
    assert re.fullmatch(r"[0-9a-f]{32}", response["X-Correlation-ID"])


def test_nothing_stays_bound_after_the_request(client: Client) -> None:
    client.get("/healthz")
    assert structlog.contextvars.get_contextvars() == {}
