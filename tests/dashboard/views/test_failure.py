"""A page that the database keeps from being made says so, and asks the database nothing."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client, RequestFactory

from dashboard.views.failure import failure
from tests import troubles

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("ada"))
    return client


@pytest.mark.parametrize(
    "path", ["/", "/executions/", "/admin/executions/execution/", "/admin/", "/django-rq/"]
)
def test_each_page_is_503_while_the_database_is_away(admin, path):
    with troubles.away():
        response = admin.get(path)
    assert response.status_code == 503 and int(response["Retry-After"]) > 0
    assert "The database cannot be reached" in response.content.decode()
    assert admin.get(path).status_code == 200


def test_a_button_is_answered_with_a_notice_in_its_place(admin):
    with troubles.away():
        response = admin.post("/executions/wex-x/do/retry", headers={"HX-Request": "true"})
    text = response.content.decode()
    assert response.status_code == 503 and response["X-Explained"]
    assert re.match(r'<div class="notice tone-bad"\s+role="alert"', text) and "<html" not in text


def test_an_error_that_would_come_again_stays_an_error_and_tells_nothing():
    request = RequestFactory().get("/")
    try:
        raise DatabaseError("column secret_42 does not exist")
    except DatabaseError:
        response = failure(request)
    assert response.status_code == 500 and "secret_42" not in response.content.decode()
