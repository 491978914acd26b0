"""Declaring channels, turning them on and off, trying them, and sending again what was given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from executions import audit, policy, secret_access
from executions.calls.http.refusal import Refusal
from executions.errors import Finding, Refused
from executions.ids import uuid7
from executions.models import Channel, Rhythm, Sending
from executions.models.channel import EVENTS
from executions.models.resource import Visibility
from executions.models.transactions import persistent
from executions.outbound import lifecycle, reaching, sending, telling, wording
from executions.outbound.kinds.kind import Kind
from executions.outbound.kinds.table import KINDS, OF_NOTICES
from executions.said import Said
from executions.secrets import addresses

MOST = 20
MOST_OF_ONE = 5
MOST_LISTED = 100
# The fields that may be changed of a channel that is there.
CHANGES = ("address", "types", "only", "muted", "rhythm", "secret", "with_output")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The declaration of a person. ``is_personal``: for what the person's own inbox gets."""

    name: str
    address: str = ""
    types: Sequence[str] = field(default_factory=list)
    secret: str = ""
    with_output: bool = False
    kind: str = EVENTS
    only: Sequence[str] = field(default_factory=list)
    muted: Sequence[str] = field(default_factory=list)
    rhythm: str = Rhythm.AT_ONCE
    is_personal: bool = False


def types_of(kind: Kind) -> tuple[str, ...]:
    """The events that a channel of this kind can hear."""
    return lifecycle.TYPES if kind.hears == "events" else telling.TYPES


def problems(channel: Channel) -> dict[str, str]:
    """The faults of this channel, by field."""
    kind = KINDS.get(channel.kind)
    if kind is None:
        return {"kind": f"There is no kind {channel.kind[:20]!r}. Known: {', '.join(KINDS)}."}
    faults = {}
    try:
        channel.clean_fields(exclude=["owner", "hears_from", "created_at"])
    except ValidationError as invalid:
        faults = {name: " ".join(texts) for name, texts in invalid.message_dict.items()}
    faults |= {
        name: said for name in ("address", "secret") if (said := _CHECKS[name](channel, kind))
    }
    for name in ("types", "only", "muted"):
        if said := _of_list(name, getattr(channel, name), types_of(kind)):
            faults[name] = said
    if why := kind.problem():
        faults.setdefault("kind", why)
    if channel.owner is not None and kind.hears == "events":
        faults["kind"] = "Lifecycle events are sent where administrators say, to no person's own."
    return faults


def _of_address(channel: Channel, kind: Kind) -> str:
    if channel.owner is not None and kind.of_the_account:
        if channel.address:
            return "Your own goes to the address of your account; leave this empty."
        return "" if channel.owner.email else "Your account has no e-mail address."
    if why := reaching.problem(channel):
        return why
    try:
        kind.check(reaching.spelled(channel.address))
    except Refusal as refusal:
        return addresses.without(str(refusal), channel.address)
    return ""


def _of_secret(channel: Channel, kind: Kind) -> str:
    """A person's own channel is signed with nothing that the person may not use."""
    if not channel.secret or channel.owner is None:
        return ""
    who = secret_access.applicant(channel.owner, "", Visibility.PRIVATE)
    return secret_access.why_not(channel.secret, who)


_CHECKS = {"address": _of_address, "secret": _of_secret}


def _of_list(name: str, values: Any, types: Sequence[str]) -> str:
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        return "It has to be a list of texts."
    if len(values) > MOST_LISTED:
        return f"At most {MOST_LISTED}."
    if name != "types":
        return ""
    unknown = [each for each in values if each not in types]
    return f"There is no type {unknown[0][:100]}. Known: {', '.join(types)}." if unknown else ""


@persistent
def create(actor: User, wanted: Wanted) -> Channel:
    """A channel, which hears what happens from now on. Raises Refused."""
    channel = Channel(
        kind=wanted.kind,
        owner=actor if wanted.is_personal else None,
        name=wanted.name,
        address=wanted.address,
        types=sorted(set(wanted.types), key=str),
        only=_subjects(actor, "only", wanted.only),
        muted=_subjects(actor, "muted", wanted.muted),
        rhythm=wanted.rhythm,
        secret=wanted.secret,
        with_output=wanted.with_output,
    )
    _check_may(actor, channel)
    _check(channel)
    with transaction.atomic():
        beside = Channel.objects.filter(owner=channel.owner)
        most = MOST if channel.owner is None else MOST_OF_ONE
        if beside.filter(name=wanted.name).exists():
            raise Refused(
                "conflict",
                Said(
                    "There is a {kind} named {name!r} already.",
                    kind=_word(channel),
                    name=wanted.name,
                ),
            )
        if beside.count() >= most:
            raise Refused(
                "conflict",
                Said("There are at most {most} {kind}s.", most=most, kind=_word(channel)),
            )
        channel.save(force_insert=True)
        audit.record_account(
            f"create {_word(channel)}", channel.public_id, actor, after={"name": channel.name}
        )
    channel.refresh_from_db()
    return channel


@persistent
def change(channel: Channel, actor: User, changes: Mapping[str, Any]) -> Channel:
    """Those of ``CHANGES`` that are named. Raises Refused."""
    _check_may(actor, channel)
    for name, value in changes.items():
        if name not in CHANGES:
            raise Refused("invalid", Said("{name!r} of a channel does not change.", name=name[:60]))
        is_list = name in ("only", "muted")
        setattr(channel, name, _subjects(actor, name, value) if is_list else value)
    _check(channel)
    with transaction.atomic():
        channel.save(update_fields=list(changes))
        if "address" in changes:
            sending.hurry(channel)
        audit.record_account(
            f"change {_word(channel)}", channel.public_id, actor, after={"changed": sorted(changes)}
        )
    channel.refresh_from_db()
    return channel


def _subjects(actor: User, name: str, names: Any) -> list[str]:
    """The ids of workflows and agents that are named by id or by slug. Raises Refused."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(each, str) for each in names):
        raise Refused("invalid", "It has to be a list.", findings=[Finding(f"/{name}", "a list")])
    tables = (policy.visible_workflows(actor), policy.visible_agents(actor))
    by_name: dict[str, str] = {}
    for rows in tables if names else ():
        for row in rows:
            by_name[row.public_id] = by_name[row.slug] = row.public_id
    unknown = [each for each in names if each not in by_name]
    if unknown:
        said = Said("There is no workflow or agent {name!r}.", name=unknown[0][:100])
        raise Refused("invalid", said, findings=[Finding(f"/{name}", said)])
    return sorted({by_name[each] for each in names})


def _check(channel: Channel) -> None:
    faults = problems(channel)
    if faults:
        findings = [Finding(f"/{name}", text) for name, text in faults.items()]
        raise Refused("invalid", Said("This is no {kind}.", kind=_word(channel)), findings=findings)


def _word(channel: Channel) -> Said:
    return Said("channel") if channel.kind in OF_NOTICES else Said("sink")


@persistent
def test(channel: Channel, actor: User) -> Sending:
    """A message that only tries it, at once; what is waited for is tried as well."""
    _check_may(actor, channel)
    if channel.kind not in OF_NOTICES:
        raise Refused("invalid", "A sink of lifecycle events is tested by a run.")
    if not channel.is_active:
        raise Refused("conflict", "The channel is off.", remedy="Turn it on first.")
    key = f"test.{uuid7().hex}"
    with transaction.atomic():
        sending.hurry(channel)
        return Sending.objects.create(
            channel=channel, key=key, group=key, type=wording.TEST, body=wording.test(channel)
        )


@persistent
def switch(channel: Channel, actor: User, *, on: bool) -> None:
    """Turned on it hears what happens from now on, and is tried at once."""
    _check_may(actor, channel)
    with transaction.atomic():
        rows = Channel.objects.filter(pk=channel.pk)
        if on:
            rows.filter(is_active=False).update(hears_from=Now())
            rows.update(is_active=True)
            sending.hurry(channel)
        else:
            rows.update(is_active=False)
        word = f"turn {_word(channel)} {'on' if on else 'off'}"
        audit.record_account(word, channel.public_id, actor)
    channel.refresh_from_db()


@persistent
def delete(channel: Channel, actor: User) -> None:
    """With what waits for it."""
    _check_may(actor, channel)
    with transaction.atomic():
        audit.record_account(f"delete {_word(channel)}", channel.public_id, actor)
        channel.delete()


@persistent
def send_again(channel: Channel, actor: User) -> int:
    """The messages that were given up wait again, as if it had just been written; how many."""
    _check_may(actor, channel)
    return _send_again(channel.sendings.all(), actor)


@persistent
def send_these_again(rows: QuerySet[Sending], actor: User) -> int:
    """The same for these, whatever channel they are of: for administrators."""
    if not policy.is_admin(actor):
        raise Refused("forbidden", "Only administrators send again what others declared.")
    return _send_again(rows, actor)


def _send_again(rows: QuerySet[Sending], actor: User) -> int:
    with transaction.atomic():
        dead = rows.filter(dead_at__isnull=False)
        number = dead.update(
            dead_at=None, tries=0, doubts=0, due_at=Now(), created_at=Now(), problem=""
        )
        if number:
            audit.record_account("send again", f"{number} messages", actor)
    return number


def _check_may(actor: User, channel: Channel) -> None:
    if not policy.may_change_channel(actor, channel):
        raise Refused("forbidden", "Only administrators decide where the server sends events.")
