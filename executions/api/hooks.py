"""Signed webhooks: what a source sends becomes events of its owner."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from executions import clock
from executions.api import envelopes, problems, rates
from executions.api.door import answer_to
from executions.api.finding import shown
from executions.api.problems import Problem
from executions.api.reading import parse_json
from executions.api.refusals import not_found
from executions.api.render import cloud_events as render
from executions.correlation.envelope import SPECVERSION, Envelope, NoEvent, data_of
from executions.errors import Refused
from executions.ids import parse_public_id
from executions.inbound import keeping, signing, visits
from executions.models import EventSource
from executions.models.transactions import run_tx

# So often it is noted at most that a source was heard.
NOTED = timedelta(minutes=1)


@csrf_exempt
def receive(request: HttpRequest, source_id: str) -> HttpResponseBase:
    """``POST /hooks/{source}``: 202 once it is kept. The signature is the only credential."""
    try:
        response = _received(request, source_id)
    except Exception as error:
        response = answer_to(request, error)
    response.headers["Cache-Control"] = "no-store"
    return response


def _received(request: HttpRequest, source_id: str) -> HttpResponse:
    if request.method != "POST":
        text = f"{request.method} is not possible here; POST is."
        raise Problem("method-not-allowed", text, headers={"Allow": "POST"})
    source = _source(source_id)
    body = request.body
    timestamp = request.headers.get("X-Stigmer-Timestamp", "")
    signature = request.headers.get("X-Stigmer-Signature", "")
    now = clock.now()
    refusal = signing.why_not(source, timestamp, signature, body, now.timestamp())
    if refusal is not None:
        # Noted before the guesser is slowed: the owner sees that somebody tries.
        visits.refused(source, refusal)
        rates.take_guess(rates.address_of(request))
        return problems.response(request, Problem("unauthenticated", refusal))
    try:
        cloud_events = _envelopes(request, source, timestamp, body)
        keeping.check(cloud_events)
    except (Problem, NoEvent, Refused) as problem:
        visits.refused(source, str(problem))
        raise
    kept_events = run_tx(lambda: keeping.keep(cloud_events, source.owner_id))
    duplicates = sum(each.is_duplicate for each in kept_events)
    visits.taken(source, len(kept_events) - duplicates, duplicates)
    if source.heard_at is None or now - source.heard_at > NOTED:
        run_tx(lambda: EventSource.objects.filter(pk=source.pk).update(heard_at=now))
    return JsonResponse(render.kept(kept_events).model_dump(), status=202)


def _source(source_id: str) -> EventSource:
    key = parse_public_id(source_id, "src")
    rows = EventSource.objects.filter(is_active=True, owner__is_active=True)
    source = rows.filter(pk=key).first() if key else None
    if source is None:
        raise not_found(f"There is no source {shown(source_id)}.")
    return source


def _envelopes(
    request: HttpRequest, source: EventSource, timestamp: str, body: bytes
) -> list[Envelope]:
    """CloudEvents as they are; anything else is the data of one of the source's own type.

    Of what has no id the digest is one: the same request is the same event.
    """
    kind = (request.content_type or "").lower()
    if envelopes.is_binary(request) or kind in (envelopes.STRUCTURED, envelopes.BATCH):
        return envelopes.envelopes_of(request)
    content_type = request.headers.get("Content-Type", "")
    event: Envelope = {
        "specversion": SPECVERSION,
        "id": hashlib.sha256(timestamp.encode() + b"." + body).hexdigest(),
        "source": f"/hooks/{source.public_id}",
        "type": source.event_type,
    }
    event |= {"datacontenttype": content_type} if content_type else {}
    return [event | (data_of(content_type, body, parse_json) if body else {})]
