"""Single sign-on with a real provider in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from executions.models import AuditEntry
from tests.waiting import until

pytestmark = [pytest.mark.django_db, pytest.mark.processes]
ROLES = {"ops": "admin", "helpdesk": "support", "everybody": "user", "shipping": "Shipping"}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        try:
            return httpx.get(f"{address}/.well-known/openid-configuration").status_code == 200
        except httpx.TransportError:
            return False

    until(is_up, what="the provider to be up")
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def sign_on(provider: str, settings: Any) -> str:
    settings.STIGMER_OIDC_ISSUER, settings.STIGMER_OIDC_NAME = provider, "Example"
    settings.STIGMER_OIDC_ROLES = ROLES
    providers = settings.SOCIALACCOUNT_PROVIDERS
    (app,) = providers["openid_connect"]["APPS"]
    app = {
        **app,
        "client_id": "stigmer",
        "secret": "s",
        "settings": {**app["settings"], "server_url": provider},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {**providers["openid_connect"], "APPS": [app]}
    }
    return provider


def person(provider: str, sub: str, **claims: Any) -> None:
    httpx.put(f"{provider}/users/{sub}", json=claims).raise_for_status()


def come_in(client: Client, sub: str, change: dict[str, str] | None = None) -> Any:
    """Through the provider's page, as a browser goes; what the way back is answered with."""
    start = client.post("/account/sign-on", {"next": "/workflows/"})
    assert start.status_code == 302, start.content
    there = httpx.post(start["Location"], data={"sub": sub})
    assert there.status_code == 302, there.text
    back = urlsplit(there.headers["location"])
    given = {name: values[0] for name, values in parse_qs(back.query).items()} | (change or {})
    return client.get(back.path, given)


def test_whoever_is_in_a_mapped_group_comes_in(sign_on: str, client: Client) -> None:
    page = client.get("/log-in").content.decode()
    assert "Log in with Example" in page
    person(sign_on, "u1", preferred_username="nora", groups=["helpdesk", "shipping", "other"])
    assert come_in(client, "u1")["Location"] == "/workflows/"
    nora = User.objects.get(username="nora")
    assert {group.name for group in nora.groups.all()} == {"Support", "Shipping"}
    assert (nora.is_staff, nora.is_superuser, nora.has_usable_password()) == (True, False, False)
    assert client.get("/account/").status_code == 200
    assert AuditEntry.objects.filter(verb="log in", subject="nora", outcome="done").exists()


def test_groups_count_anew_at_each_log_in(sign_on: str, client: Client) -> None:
    person(sign_on, "u2", preferred_username="otto", groups=["ops"])
    come_in(client, "u2")
    otto = User.objects.get(username="otto")
    assert otto.is_superuser
    otto.groups.add(Group.objects.create(name="Chess"))
    person(sign_on, "u2", preferred_username="otto", groups=["everybody", "shipping"])
    come_in(Client(), "u2")
    otto = User.objects.get(username="otto")
    assert (otto.is_superuser, otto.is_staff) == (False, False)
    assert {group.name for group in otto.groups.all()} == {"Chess", "Shipping"}
    assert User.objects.count() == 1


def test_whoever_has_no_mapped_group_does_not_come_in(sign_on: str, client: Client) -> None:
    person(sign_on, "u3", preferred_username="eve", groups=["strangers"])
    assert come_in(client, "u3")["Location"] == "/log-in"
    assert "None of your groups is let in here" in client.get("/log-in").content.decode()
    assert not User.objects.exists()
    assert AuditEntry.objects.get(verb="log in").outcome == "refused"


def test_an_account_is_not_taken_over_by_its_name_or_address(sign_on: str, client: Client) -> None:
    mine = User.objects.create_superuser("ada", "ada@example.org", "a long enough secret")
    person(
        sign_on,
        "u4",
        preferred_username="ada",
        email="ada@example.org",
        email_verified=True,
        groups=["everybody"],
    )
    come_in(client, "u4")
    found = User.objects.exclude(pk=mine.pk).get()
    assert found.username != "ada" and found.email == "" and not found.is_superuser


@pytest.mark.parametrize("change", [{"state": "another"}, {"code": "another"}])
def test_an_answer_that_was_not_asked_for_is_refused(
    change: dict[str, str], sign_on: str, client: Client
) -> None:
    person(sign_on, "u5", preferred_username="pat", groups=["everybody"])
    assert come_in(client, "u5", change)["Location"] == "/log-in"
    assert not User.objects.exists()


def test_a_code_is_good_once(sign_on: str, client: Client) -> None:
    person(sign_on, "u6", preferred_username="quinn", groups=["everybody"])
    start = client.post("/account/sign-on")
    back = httpx.post(start["Location"], data={"sub": "u6"}).headers["location"]
    path = "/" + back.split("/", 3)[3]
    assert client.get(path)["Location"] == "/"
    client.post("/log-out")
    assert client.get(path)["Location"] == "/log-in"


def test_a_provider_that_is_down_lets_nobody_in_and_is_no_fault_of_ours(
    sign_on: str, client: Client, settings: Any
) -> None:
    providers = settings.SOCIALACCOUNT_PROVIDERS
    providers["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = client.post("/account/sign-on")
    assert answer["Location"] == "/log-in"
    assert "did not succeed" in client.get("/log-in").content.decode()


def test_without_a_provider_there_is_no_sign_on(client: Client) -> None:
    assert client.post("/account/sign-on").status_code == 404
    assert client.post("/account/sign-on/sso").status_code == 404
    assert client.get("/account/sign-on/sso/back").status_code in (302, 404)
