"""What no address of the API answers is still answered by the API."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_slash_too_many_is_told():
    said = {
        path: Client().get(path).json()["remedy"]
        for path in ("/api/v1/workflows/", "/api/v1/nothing/", "/api/")
    }
    assert said.pop("/api/v1/workflows/") == "Addresses do not end with a slash: /api/v1/workflows."
    assert set(said.values()) == {"The addresses are in /api/v1/openapi.json."}


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1/nothing", "/api/v1/workflows/a%0Ab/versions/0.9"]
)
@pytest.mark.django_db
def test_an_unknown_address_below_api_is_a_problem_and_no_page(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
