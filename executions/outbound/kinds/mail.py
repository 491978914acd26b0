"""Notices by e-mail, over the server of STIGMER_MAIL_URL: plain text, one message a parcel."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, parseaddr

import aiosmtplib
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from executions import clock
from executions.calls.http import loop
from executions.calls.http.posting import Posted
from executions.calls.http.refusal import not_sendable
from executions.errors import Refused
from executions.models import Channel
from executions.outbound import wording
from executions.outbound.kinds.kind import Kind
from executions.outbound.parcels import Parcel

SECONDS = 30.0
GOODBYE_SECONDS = 2.0
NOT_SET = "This server sends no e-mail: STIGMER_MAIL_URL is not set."


def check(address: str) -> None:
    """Refuses what is no address of a person or list."""
    try:
        validate_email(address)
    except ValidationError:
        raise not_sendable(f"{address[:100]!r} is no e-mail address.") from None


def problem() -> str:
    return "" if settings.EMAIL_HOST else NOT_SET


def send(channel: Channel, parcel: Parcel) -> Future[Posted]:
    """Hand it to the mail server once. Raises Refused where there is no server or no address."""
    if why := problem():
        raise Refused("unavailable", why)
    address = channel.address or (channel.owner.email if channel.owner else "")
    if not address:
        raise Refused("conflict", "The account of this person has no e-mail address.")
    message = message_of(channel, parcel, address)
    return loop.shared().submit(_handed_over(message, address))


def message_of(channel: Channel, parcel: Parcel, address: str) -> EmailMessage:
    """The mail; its Message-ID is the same at each try."""
    letter = wording.letter(channel, parcel)
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMessage(POLICY)
    message["From"] = Address("Stigmer", addr_spec=sender)
    message["To"] = address
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{parcel.key}@{sender.rpartition('@')[2]}>"
    # No machine answers it, and no mailbox that is away does.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content("\n".join(_text(letter)))
    return message


def _text(letter: wording.Letter) -> list[str]:
    lines = []
    for line in letter.lines:
        lines += [line.text, f"  {line.address}" if line.address else "", ""]
    if letter.more:
        lines += [letter.more, ""]
    return [*lines, "-- ", letter.why, letter.settings]


async def _handed_over(message: EmailMessage, address: str) -> Posted:
    client = aiosmtplib.SMTP(
        hostname=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        username=settings.EMAIL_HOST_USER or None,
        password=settings.EMAIL_HOST_PASSWORD or None,
        use_tls=settings.EMAIL_USE_SSL,
        start_tls=settings.EMAIL_USE_TLS,
        timeout=SECONDS,
    )
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    where = f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    is_handed_over = False
    try:
        async with asyncio.timeout(SECONDS):
            await client.connect()
            await client.mail(sender)
            await client.rcpt(address)
            is_handed_over = True
            await client.data(message.as_bytes())
    except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as refused:
        # An answer about this message or this mailbox says nothing about the others.
        return Posted(
            refused.code,
            f"{where} answered {refused.code}: {refused.message[:200]}",
            is_about_one=True,
            is_final=refused.code >= 500,
        )
    except aiosmtplib.SMTPResponseException as refused:
        return Posted(refused.code, f"{where} answered {refused.code}: {refused.message[:200]}")
    except (TimeoutError, aiosmtplib.SMTPTimeoutError):
        return Posted(
            None, f"{where} did not answer within {SECONDS:.0f} s.", is_doubtful=is_handed_over
        )
    except (aiosmtplib.SMTPException, OSError, ValueError) as trouble:
        return Posted(None, f"{where}: {trouble}"[:300], is_doubtful=is_handed_over)
    finally:
        await _goodbye(client, is_polite=is_handed_over)
    return Posted(250)


async def _goodbye(client: aiosmtplib.SMTP, *, is_polite: bool) -> None:
    """The server takes the message, or it does not."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        if is_polite and client.is_connected:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await client.quit()
    client.close()


MAIL = Kind(
    "mail",
    "E-mail",
    send,
    check,
    problem=problem,
    of_the_account=True,
    is_shared=True,
    at_once=2,
)
