"""Sources of signed webhooks: made, given a new secret, and taken away by who owns them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from executions import audit
from executions.correlation.envelope import OWN_PREFIX
from executions.errors import Refused
from executions.inbound import visits
from executions.inbound.signing import secret_of
from executions.models import EventSource
from executions.models.transactions import persistent
from executions.said import Said

MOST = 100


@persistent
def create(owner: User, name: str, event_type: str) -> tuple[EventSource, str]:
    """A source and its secret, which is told this once. Raises Refused."""
    if event_type.startswith(OWN_PREFIX):
        message = Said("Types that begin with `{prefix}` are Stigmer's own.", prefix=OWN_PREFIX)
        raise Refused("invalid", message, remedy="Choose another type.")
    with transaction.atomic():
        rows = EventSource.objects.filter(owner=owner)
        if rows.filter(name=name).exists():
            raise Refused("conflict", Said("You have a source named {name!r} already.", name=name))
        if rows.count() >= MOST:
            message = Said("A person has at most {most} sources.", most=MOST)
            raise Refused("conflict", message, remedy="Delete one that sends nothing.")
        source = EventSource.objects.create(owner=owner, name=name, event_type=event_type)
        audit.record_account("create event source", source.public_id, owner)
    return source, secret_of(source)


@persistent
def rotate(source: EventSource, actor: User) -> str:
    """A new secret, which is told this once; the one before signs nothing any more."""
    with transaction.atomic():
        EventSource.objects.filter(pk=source.pk).update(generation=F("generation") + 1)
        audit.record_account("rotate event source", source.public_id, actor)
    source.refresh_from_db()
    return secret_of(source)


@persistent
def delete(source: EventSource, actor: User) -> None:
    """Its events are refused from now on; those that it has sent stay."""
    with transaction.atomic():
        audit.record_account("delete event source", source.public_id, actor)
        visits.forget(source)
        source.delete()
