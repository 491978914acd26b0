"""Notices by e-mail, against a real SMTP server: handed over once, again where it was not taken,
and never for ever.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.contrib.auth.models import User

from executions import clock
from executions.errors import Refused
from executions.models import Channel, Sending
from executions.outbound import channels, sending
from executions.outbound.channels import Wanted
from executions.outbound.kinds import mail
from stigmer_site.mail import from_url
from tests.outbound.conftest import gather
from tests.outbound.postbox import CLOSE, HANG, Postbox
from tests.outbound.test_sending import now_is_due, send_all

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def postbox(settings: Any) -> Iterator[Postbox]:
    made = Postbox()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
    settings.STIGMER_ORIGINS = ["https://stigmer.example.org"]
    settings.DEFAULT_FROM_EMAIL = "stigmer@example.org"
    yield made
    made.close()


@pytest.fixture
def channel(alice: User, postbox: Postbox) -> Channel:
    """Of alice, who hears what her inbox gets."""
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    alice.refresh_from_db()
    made = channels.create(alice, Wanted("mine", kind="mail", is_personal=True))
    Channel.objects.update(hears_from=clock.now() - timedelta(seconds=5))
    made.refresh_from_db()
    return made


def test_a_failure_comes_as_a_mail_with_the_sentence_and_where_to_look(
    fails: Callable[..., Any], channel: Channel, postbox: Postbox
) -> None:
    execution = fails(name="Order 7")
    gather()
    send_all(channel)
    (came,) = postbox.came
    assert postbox.recipients == ["alice@example.org"]
    assert came["Subject"].startswith("Stigmer: Order 7") and "Step failed" in came["Subject"]
    text = came.get_content()
    assert f"https://stigmer.example.org/executions/{execution.public_id}/" in text
    assert f"https://stigmer.example.org/settings/notices/{channel.public_id}/" in text
    assert came["Auto-Submitted"] == "auto-generated"
    assert not Sending.objects.waiting().exists()


@pytest.mark.parametrize("name", ["a\r\nBcc: eve@example.org", "x\u202eevil\u0000\n", "é" * 280])
def test_a_name_puts_nothing_into_the_head_of_a_mail(
    name: str, fails: Callable[..., Any], channel: Channel, postbox: Postbox
) -> None:
    execution = fails()
    execution.name = name.replace("\x00", "")
    execution.save(update_fields=["name"])
    gather()
    send_all(channel)
    (came,) = postbox.came
    assert came["Bcc"] is None and postbox.recipients == ["alice@example.org"]
    assert "\n" not in came["Subject"] and "\u202e" not in came["Subject"]
    assert len(came["Subject"]) <= 150


@pytest.mark.parametrize("where", ["at_data", "at_recipient"])
def test_a_server_that_is_busy_is_asked_again_with_the_same_message(
    where: str, fails: Callable[..., Any], channel: Channel, postbox: Postbox
) -> None:
    setattr(postbox, where, "451 Later, please")
    fails()
    gather()
    send_all(channel)
    waiting = Sending.objects.waiting().get()
    assert waiting.tries == 1 and "451" in waiting.problem
    setattr(postbox, where, "250 OK")
    now_is_due()
    send_all(channel)
    assert not Sending.objects.waiting().exists() and not Sending.objects.dead().exists()
    assert len({came["Message-ID"] for came in postbox.came}) == 1


@pytest.mark.parametrize("where", ["at_data", "at_recipient"])
def test_a_mailbox_that_takes_nothing_is_given_up_and_holds_up_nobody_else(
    where: str, fails: Callable[..., Any], channel: Channel, postbox: Postbox
) -> None:
    setattr(postbox, where, "550 No such person")
    fails()
    gather()
    send_all(channel)
    assert "550: No such person" in Sending.objects.dead().get().problem
    channel.refresh_from_db()
    assert channel.failures == 0 and channel.rests_until is None and channel.is_active


@pytest.mark.parametrize("misbehaviour", [HANG, CLOSE])
def test_what_may_have_been_taken_is_tried_once_more_and_no_more(
    misbehaviour: str,
    fails: Callable[..., Any],
    channel: Channel,
    postbox: Postbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail, "SECONDS", 2.0)
    postbox.at_data = misbehaviour
    fails()
    gather()
    for _ in range(4):
        send_all(channel)
        now_is_due()
    assert len(postbox.came) == 2
    assert len({came["Message-ID"] for came in postbox.came}) == 1
    assert Sending.objects.dead().get().doubts == 2


def test_channels_of_one_server_rest_together_and_wake_together(
    fails: Callable[..., Any], channel: Channel, postbox: Postbox, admin: User
) -> None:
    other = channels.create(admin, Wanted("ops", "ops@example.org", kind="mail"))
    postbox.close()
    fails()
    gather()
    for _ in range(sending.FAILURES):
        Sending.objects.update(due_at=clock.now() - timedelta(seconds=1))
        send_all(channel)
    other.refresh_from_db()
    assert other.rests_until is not None and other.rests_until > clock.now()
    assert sending.due() == []


def test_a_test_says_whether_the_channel_works(
    channel: Channel, postbox: Postbox, alice: User
) -> None:
    sent = channels.test(channel, alice)
    send_all(channel)
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert "This is a test of the channel mine" in postbox.came[0]["Subject"]


def test_without_a_server_or_an_address_it_is_said_before_anything_is_lost(
    alice: User, bob: User, postbox: Postbox, settings: Any
) -> None:
    with pytest.raises(Refused) as refused:
        channels.create(bob, Wanted("mine", kind="mail", is_personal=True))
    assert "no e-mail address" in refused.value.findings[0].message
    settings.EMAIL_HOST = ""
    with pytest.raises(Refused) as refused:
        channels.create(bob, Wanted("mine", kind="mail", is_personal=True))
    assert (
        "STIGMER_MAIL_URL"
        in {each.pointer: each.message for each in refused.value.findings}["/kind"]
    )


@pytest.mark.parametrize(
    ("url", "host", "port", "ssl", "tls", "user"),
    [
        ("", "", 25, False, False, ""),
        ("smtp://mail.example.org", "mail.example.org", 25, False, False, ""),
        ("smtps://u:p%40s@mail.example.org", "mail.example.org", 465, True, False, "u"),
        ("smtp+starttls://a%2Fb:p@[::1]:2525", "::1", 2525, False, True, "a/b"),
    ],
)
def test_the_address_of_a_mail_server(
    url: str, host: str, port: int, ssl: bool, tls: bool, user: str
) -> None:
    server = from_url(url)
    assert (server.host, server.port, server.use_ssl, server.use_tls, server.user) == (
        host,
        port,
        ssl,
        tls,
        user,
    )


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://x",
        "smtp://",
        "smtp://x:port",
        "smtp://x/path",
        "smtp://x?a=b",
        "smtp://x?b",
    ],
)
def test_what_is_no_mail_server_is_refused(url: str, tmp_path: Path) -> None:
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured, match="STIGMER_MAIL_URL"):
        from_url(url)


def test_who_mail_comes_from_stands_in_the_address() -> None:
    assert from_url("smtp://mail.example.org").sender == "stigmer@mail.example.org"
    assert from_url("smtp://mail.example.org?from=ops@example.org").sender == "ops@example.org"


def certified(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1 that nobody else knows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_with_starttls_a_mail_goes_out_encrypted_to_a_server_that_is_known_or_not_at_all(
    channel: Channel,
    alice: User,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secure = Postbox(certified(tmp_path))
    try:
        settings.EMAIL_PORT, settings.EMAIL_USE_TLS = secure.port, True
        sent = channels.test(channel, alice)
        send_all(channel)
        sent.refresh_from_db()
        assert "certificate" in sent.problem.lower() and not secure.came
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        now_is_due()
        send_all(channel)
        sent.refresh_from_db()
        assert sent.state == "sent" and len(secure.came) == 1
    finally:
        secure.close()
