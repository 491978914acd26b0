from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("staff", "superuser", "status"), [(False, False, 302), (True, False, 302), (True, True, 200)]
)
def test_the_queues_own_pages_are_for_superusers_only(
    client: Client, staff: bool, superuser: bool, status: int
) -> None:
    client.force_login(
        User.objects.create(username="someone", is_staff=staff, is_superuser=superuser)
    )
    assert client.get("/django-rq/").status_code == status


@pytest.mark.parametrize(
    "path", ["/django-rq/stats.json", "/django-rq/stats.json/token", "/django-rq/queues/0/"]
)
def test_no_rq_address_answers_a_stranger(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    assert client.get("/admin/django_rq/dashboard/stats.json").status_code in (302, 404)


def test_every_page_has_a_strict_content_policy(client: Client) -> None:
    policy = client.get("/admin/login/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_static_files_come_without_being_collected(client: Client) -> None:
    response = client.get("/static/admin/css/base.css")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/css")
    assert b"--primary" in response.content


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/static/",
        "/static/css/",
        "/static/../manage.py",
        "/static/.env",
        "/static/%2e%2e/pyproject.toml",
        "/templates/",
        "/var/logins.json",
    ],
)
def test_nothing_beside_static_files_is_served(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert b"[project]" not in response.content


@pytest.mark.parametrize(
    "path",
    [
        "queues/0/empty/",
        "queues/0/requeue-all/",
        "queues/0/failed/clear/",
        "queues/actions/0/",
        "queues/0/some-job/delete/",
        "queues/0/some-job/stop/",
    ],
)
@pytest.mark.django_db
def test_the_pages_of_rq_change_nothing_even_for_a_superuser(client, path):
    client.force_login(User.objects.create_superuser("root"))
    sent = {"action": "delete", "job_ids": ["some-job"]}
    assert client.post(f"/django-rq/{path}", sent).status_code == 405
