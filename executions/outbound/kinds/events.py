"""CloudEvents over HTTP in structured mode, signed as Standard Webhooks says.

Source: CloudEvents 1.0.2, HTTP binding 3.2.
"""

from __future__ import annotations

from concurrent.futures import Future

from executions.calls.http import posting
from executions.models import Channel
from executions.models.channel import EVENTS as NAME
from executions.outbound import signing
from executions.outbound.kinds.kind import Kind
from executions.outbound.kinds.ways import SECONDS, egress
from executions.outbound.parcels import Parcel
from executions.values import dumps

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def send(channel: Channel, parcel: Parcel) -> Future[posting.Posted]:
    """One message as one request. Raises Refused where its secret cannot be had."""
    body = dumps(parcel.first.body).encode()
    headers = {"content-type": CONTENT_TYPE, **signing.headers(channel, parcel.key, body)}
    return posting.post(channel.address, headers, body, egress=egress(), seconds=SECONDS)


EVENTS = Kind(
    NAME,
    "Lifecycle events as CloudEvents over HTTP",
    send,
    posting.check_address,
    hears="events",
    at_once=20,
)
