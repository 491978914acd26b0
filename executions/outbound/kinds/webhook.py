"""Notices as JSON over HTTP: ``text`` is what Slack, Mattermost and others of their kind show, the
rest is for programs.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from executions.calls.http import posting
from executions.models import Channel
from executions.outbound import signing, wording
from executions.outbound.kinds.kind import Kind
from executions.outbound.kinds.ways import SECONDS, egress
from executions.outbound.parcels import Parcel
from executions.values import dumps

CONTENT_TYPE = "application/json; charset=utf-8"


def send(channel: Channel, parcel: Parcel) -> Future[posting.Posted]:
    """One parcel as one request. Raises Refused where its secret cannot be had."""
    body = dumps(body_of(channel, parcel)).encode()
    headers = {"content-type": CONTENT_TYPE, **signing.headers(channel, parcel.key, body)}
    return posting.post(channel.address, headers, body, egress=egress(), seconds=SECONDS)


def body_of(channel: Channel, parcel: Parcel) -> dict[str, Any]:
    letter = wording.letter(channel, parcel)
    lines = [
        f"{_plain(line.text)} <{line.address}|Open it>" if line.address else _plain(line.text)
        for line in letter.lines
    ]
    notices = [
        {**lot.rows[0].body, "count": lot.count, "url": line.address}
        for lot, line in zip(parcel.lots, letter.lines, strict=True)
    ]
    return {
        "text": "\n".join([*lines, letter.more] if letter.more else lines),
        "id": parcel.key,
        "count": parcel.count,
        "notices": notices,
    }


def _plain(text: str) -> str:
    """None of it is a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


WEBHOOK = Kind("webhook", "Webhook (also Slack and Mattermost)", send, posting.check_address)
