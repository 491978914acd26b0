"""The path of a channel's address is a key: after it was written nobody reads it anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from structlog.testing import capture_logs

from executions import secret_access, tokens
from executions.errors import Refused
from executions.hosts import Hosts
from executions.models import AuditEntry, Channel, Sending
from executions.outbound import channels
from executions.outbound.channels import Wanted
from executions.policy import SUPPORT_GROUP
from executions.secrets import Rule, addresses
from tests.outbound.receiver import Receiver
from tests.outbound.test_sending import now_is_due, send_all

pytestmark = pytest.mark.django_db
KEY = "T0AB12/B9XY34/kQ7vWpL2mN8r"
PARTS = ("kQ7vWpL2mN8r", "T0AB12", "B9XY34")


@pytest.fixture
def keyed(admin: User, receiver: Receiver) -> Channel:
    """A chat's, of the server; its receiver takes nothing and repeats the path that was asked."""
    receiver.answers = lambda event: 404
    receiver.repeats_path = True
    host = receiver.url.removesuffix("/events")
    wanted = Wanted("chat", f"{host}/services/{KEY}?token=s3cr3tt0k3n", kind="webhook")
    return channels.create(admin, wanted)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(user: User, method: str, path: str, body: dict[str, Any] | None = None) -> str:
    secret = tokens.mint(user, "tests", ["admin"]).secret
    answer = getattr(Client(), method)(
        f"/api/v1{path}",
        *([json.dumps(body)] if body is not None else []),
        **({"content_type": "application/json"} if body is not None else {}),
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code < 300, answer.content
    return str(answer.content.decode())


def has_none(text: str) -> bool:
    return not any(part in text for part in (*PARTS, "s3cr3tt0k3n"))


def test_no_page_answer_row_or_log_has_it(
    keyed: Channel, admin: User, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as logged, caplog.at_level("DEBUG", logger="httpx"):
        channels.test(keyed, admin)
        for _ in range(20):
            send_all(keyed)
            now_is_due()
    keyed.refresh_from_db()
    row = Sending.objects.get()
    assert "404" in row.problem and row.dead_at is not None
    assert has_none(row.problem) and has_none(keyed.problem)
    assert logged and has_none(str(logged)) and has_none(caplog.text)
    page, root = f"/channels/{keyed.public_id}", client_of(admin)
    rules = {"rhythm": "hourly", "address": keyed.address}
    shown = [
        ask(admin, "get", "/channels"),
        ask(admin, "get", page),
        ask(admin, "get", f"{page}/messages"),
        ask(admin, "patch", page, rules),
        *(
            root.get(address).content.decode()
            for address in (
                reverse("channels"),
                reverse("channel", args=[keyed.public_id]),
                reverse("admin:executions_channel_changelist"),
                reverse("admin:executions_channel_change", args=[keyed.pk]),
                reverse("admin:executions_sending_changelist"),
            )
        ),
    ]
    assert [number for number, text in enumerate(shown) if not has_none(text)] == []
    host = addresses.shown(keyed.address).removesuffix("…")
    assert all(host in text for text in (shown[1], shown[5], shown[7]))
    entries = AuditEntry.objects.filter(verb__contains="channel")
    assert entries.exists() and has_none(str(list(entries.values())))


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The secrets of the server, and a rule that lets one of them go to one host alone."""
    values = {"chat": KEY, "far": KEY}
    rule = Rule(hosts=Hosts.from_entries(["far.example.org"]))
    monkeypatch.setattr(secret_access, "known_secrets", lambda: values)
    monkeypatch.setattr(secret_access, "rules", lambda: {"far": rule})
    return values


def test_an_address_that_names_a_secret_is_whole_for_a_delivery_alone(
    secrets: dict[str, str], admin: User, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = lambda event: 404
    receiver.repeats_path = True
    host = receiver.url.removesuffix("/events")
    address = f"{host}/services/{{{{secret:chat}}}}"
    made = channels.create(admin, Wanted("chat", address, kind="webhook"))
    with capture_logs() as logged, caplog.at_level("DEBUG", logger="httpx"):
        channels.test(made, admin)
        send_all(made)
    made.refresh_from_db()
    assert receiver.paths == [f"/services/{KEY}"]
    assert made.address == address and "404" in made.problem
    assert has_none(made.problem) and has_none(Sending.objects.get().problem)
    assert has_none(str(logged)) and has_none(caplog.text)
    page = client_of(admin).get(reverse("channel", args=[made.public_id])).content.decode()
    shown = ask(admin, "get", f"/channels/{made.public_id}")
    assert has_none(page) and "with the secret" in page and has_none(shown)
    assert json.loads(shown)["address_secrets"] == ["chat"]


def test_without_the_secret_of_its_address_nothing_is_sent(
    secrets: dict[str, str], admin: User, receiver: Receiver
) -> None:
    made = channels.create(admin, Wanted("chat", receiver.url + "/{{secret:gone}}", kind="webhook"))
    channels.test(made, admin)
    send_all(made)
    made.refresh_from_db()
    assert not receiver.came and "secret gone" in made.problem
    assert Sending.objects.get().state == "waiting"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://{{secret:chat}}/in", "behind the host"),
        ("https://example.org{{secret:chat}}", "behind the host"),
        ("https://example.org/{{secret:}}", "behind the host"),
        ("{{secret:chat}}", "behind the host"),
        ("https://example.org/{{secret:far}}", "may not be sent to example.org"),
        ("ftp://example.org/{{secret:chat}}", "ftp"),
    ],
)
def test_a_secret_stands_behind_a_host_that_it_may_go_to(
    address: str, said: str, secrets: dict[str, str], admin: User
) -> None:
    with pytest.raises(Refused) as refused:
        channels.create(admin, Wanted("chat", address, kind="webhook"))
    (finding,) = refused.value.findings
    assert finding.pointer == "/address" and said in finding.message
    channels.create(admin, Wanted("far", "https://far.example.org/{{secret:far}}", kind="webhook"))


def test_a_channel_of_a_person_names_what_this_person_may_use(
    secrets: dict[str, str], bob: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Wanted("own", receiver.url + "/{{secret:chat}}", kind="webhook", is_personal=True)
    with pytest.raises(Refused) as refused:
        channels.create(bob, wanted)
    assert "bob may not use the secret chat" in str(refused.value.findings)
    rule = Rule(owners=frozenset({"bob"}))
    monkeypatch.setattr(secret_access, "rules", lambda: {"chat": rule})
    made = channels.create(bob, wanted)
    monkeypatch.setattr(secret_access, "rules", dict)
    channels.test(made, bob)
    send_all(made)
    made.refresh_from_db()
    assert not receiver.came and "may not use" in made.problem


def test_a_sink_is_changed_at_each_door(
    secrets: dict[str, str], admin: User, receiver: Receiver
) -> None:
    sink = channels.create(admin, Wanted("ops", receiver.url))
    path = f"/sinks/{sink.public_id}"
    ask(admin, "patch", path, {"address": receiver.url + "/{{secret:chat}}", "with_output": True})
    sink.refresh_from_db()
    assert sink.address_secrets == ["chat"] and sink.with_output
    page, root = reverse("channel", args=[sink.public_id]), client_of(admin)
    assert page in root.get(reverse("channels")).content.decode()
    assert "workflow.completed.v1" in root.get(page).content.decode()
    type_ = "io.serverlessworkflow.workflow.completed.v1"
    assert root.post(page, {"type": type_, "secret": "chat", "address": ""}).status_code == 302
    sink.refresh_from_db()
    assert (sink.types, sink.secret, sink.with_output) == ([type_], "chat", False)
    assert sink.address_secrets == ["chat"]
    assert AuditEntry.objects.filter(verb="change sink", subject=sink.public_id).count() == 2
    refused = root.post(page, {"type": "nothing"})
    assert refused.status_code == 400 and "There is no type nothing" in refused.content.decode()


def test_support_reads_the_host_alone_in_the_admin(keyed: Channel) -> None:
    support = User.objects.create_user("sue", is_staff=True)
    support.groups.add(Group.objects.get_or_create(name=SUPPORT_GROUP)[0])
    page = client_of(support).get(reverse("admin:executions_channel_change", args=[keyed.pk]))
    text = page.content.decode()
    assert page.status_code == 200 and has_none(text) and addresses.shown(keyed.address) in text


def test_a_sink_is_shown_by_its_host(admin: User) -> None:
    body = {"name": "ops", "address": f"https://example.org/{KEY}"}
    shown = [ask(admin, "post", "/sinks", body), ask(admin, "get", "/sinks")]
    assert has_none(str(shown)) and all("https://example.org/" in text for text in shown)


def test_a_refused_address_is_not_repeated(admin: User) -> None:
    with pytest.raises(Refused) as refused:
        channels.create(admin, Wanted("chat", f"ftp://example.org/{KEY}", kind="webhook"))
    assert "ftp" in str(refused.value.findings) and has_none(str(refused.value.findings))


def test_a_saved_form_keeps_the_address_or_puts_another_in_its_place(
    keyed: Channel, admin: User
) -> None:
    root, before = client_of(admin), keyed.address
    Channel.objects.update(failures=9, problem="away")
    pages = (
        (reverse("channel", args=[keyed.public_id]), {"rhythm": "daily"}),
        (
            reverse("admin:executions_channel_change", args=[keyed.pk]),
            {"kind": "webhook", "name": "chat", "rhythm": "daily", "is_active": "on"},
        ),
    )
    for number, (page, form) in enumerate(pages):
        assert root.post(page, {**form, "address": ""}).status_code == 302
        keyed.refresh_from_db()
        assert (keyed.address, keyed.problem) == (before, "away")
        before = f"https://example.org/other/{number}"
        assert root.post(page, {**form, "address": before}).status_code == 302
        keyed.refresh_from_db()
        assert (keyed.address, keyed.failures, keyed.problem) == (before, 0, "")
        Channel.objects.update(failures=9, problem="away")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://hooks.example.com/services/T0/B0/x", "https://hooks.example.com/…"),
        ("https://user:word@example.com:8443/a", "https://example.com:8443/…"),
        ("http://[::1]:8080?key=1", "http://[::1]:8080/…"),
        ("https://example.com/", "https://example.com"),
        ("ops@example.com", "ops@example.com"),
        ("", ""),
        ("chat:123", "…"),
        ("https://[broken/x", "…"),
    ],
)
def test_an_address_is_shown_up_to_its_host(address: str, shown: str) -> None:
    assert addresses.shown(address) == shown


def test_what_is_hidden_is_found_encoded_and_in_part() -> None:
    address = "https://example.com/hooks/a%20secret%2Fpath?key=word12345"
    said = f"POST {address}: no hooks/a%20secret%2Fpath, no 'a secret/path', no word12345 at all"
    text = addresses.without(said, address)
    assert "example.com" in text and "secret" not in text and "word12345" not in text
    cut = addresses.without("Cannot POST /hooks/a%20secret%2Fpa", address)
    assert cut == "Cannot POST /…"
    assert addresses.without("There is no such hook", address) == "There is no such hook"
