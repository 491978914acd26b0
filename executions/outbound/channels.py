"""Declaring channels, turning them on and off, and sending again what was given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from executions import audit, policy
from executions.calls.http.refusal import Refusal
from executions.errors import Finding, Refused
from executions.models import Channel, ChannelKind, Sending
from executions.models.transactions import persistent
from executions.outbound.kinds.table import KINDS
from executions.outbound.lifecycle import TYPES

MOST = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person declares."""

    name: str
    address: str
    types: Sequence[str] = field(default_factory=list)
    secret: str = ""
    with_output: bool = False


def problems(kind: str, address: str, types: Any) -> dict[str, str]:
    """What is wrong with these, by field."""
    found = {}
    try:
        KINDS[kind].check(address)
    except Refusal as refusal:
        found["address"] = str(refusal)
    if not isinstance(types, list):
        found["types"] = "It has to be a list of types; empty for all."
    elif unknown := [str(each) for each in types if each not in TYPES]:
        found["types"] = f"There is no type {unknown[0][:100]}. Known: {', '.join(TYPES)}."
    return found


@persistent
def create(actor: User, wanted: Wanted) -> Channel:
    """A sink, which hears what happens from now on. Raises Refused."""
    _check_may(actor)
    types = sorted(set(wanted.types), key=str)
    channel = Channel(
        kind=ChannelKind.EVENTS,
        name=wanted.name,
        address=wanted.address,
        types=types,
        secret=wanted.secret,
        with_output=wanted.with_output,
    )
    found = problems(channel.kind, wanted.address, types)
    if not found:
        try:
            channel.clean_fields(exclude=["hears_from", "created_at"])
        except ValidationError as invalid:
            found = {name: " ".join(texts) for name, texts in invalid.message_dict.items()}
    if found:
        findings = [Finding(f"/{name}", text) for name, text in found.items()]
        raise Refused("invalid", "This is no sink.", findings=findings)
    with transaction.atomic():
        if Channel.objects.filter(name=wanted.name).exists():
            raise Refused("conflict", f"There is a sink named {wanted.name!r} already.")
        if Channel.objects.count() >= MOST:
            raise Refused("conflict", f"There are at most {MOST} sinks.")
        channel.save(force_insert=True)
        audit.record_account("create sink", channel.public_id, actor, after={"name": channel.name})
    channel.refresh_from_db()
    return channel


@persistent
def switch(channel: Channel, actor: User, *, on: bool) -> None:
    """Turned on it hears what happens from now on, and is tried at once."""
    _check_may(actor)
    with transaction.atomic():
        rows = Channel.objects.filter(pk=channel.pk)
        if on:
            rows.filter(is_active=False).update(hears_from=Now())
            rows.update(is_active=True, failures=0, rests_until=None, problem="")
        else:
            rows.update(is_active=False)
        audit.record_account("turn sink on" if on else "turn sink off", channel.public_id, actor)
    channel.refresh_from_db()


@persistent
def delete(channel: Channel, actor: User) -> None:
    """With what waits for it."""
    _check_may(actor)
    with transaction.atomic():
        audit.record_account("delete sink", channel.public_id, actor)
        channel.delete()


@persistent
def send_again(rows: QuerySet[Sending], actor: User) -> int:
    """What of these was given up waits again, as if it had just been written; how many."""
    _check_may(actor)
    with transaction.atomic():
        dead = rows.filter(dead_at__isnull=False)
        number = dead.update(dead_at=None, tries=0, due_at=Now(), created_at=Now(), problem="")
        if number:
            audit.record_account("send again", f"{number} messages", actor)
    return number


def _check_may(actor: User) -> None:
    if not policy.is_admin(actor):
        raise Refused("forbidden", "Only administrators decide where events are sent.")
