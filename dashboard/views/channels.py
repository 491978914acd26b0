"""The channels of notices beside the inbox: made, tried, given rules, turned off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import words
from dashboard.paging import id_or_404
from dashboard.queries import channels as queries
from dashboard.views.pages import page as for_people
from dashboard.views.pages import person
from dashboard.views.refusing import status_of
from executions import clock, policy
from executions.errors import Refused
from executions.journal.events import title_of
from executions.models import Channel, Rhythm
from executions.outbound import channels, lifecycle, telling
from executions.outbound.kinds.table import KINDS

# A notice that is sent within so long is looked at as it happens.
SOON = timedelta(seconds=30)
TYPES = tuple((name, title_of(name)) for name in telling.TYPES)
EVENT_TYPES = tuple((name, name.removeprefix(lifecycle.PREFIX)) for name in lifecycle.TYPES)


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The list and the form; a POST makes one."""
    user, context, status = person(request), dict[str, Any](), 200
    if request.method == "POST":
        sent = request.POST
        wanted = channels.Wanted(
            name=sent.get("name", "").strip(),
            address=sent.get("address", "").strip(),
            secret=sent.get("secret", "").strip(),
            kind=sent.get("kind", ""),
            rhythm=sent.get("rhythm", Rhythm.AT_ONCE),
            is_personal=not sent.get("of_server"),
        )
        try:
            return redirect("channel", channels.create(user, wanted).public_id)
        except Refused as refused:
            context |= {"refusal": refused, "given": wanted}
            status = status_of(refused)
    context |= {
        "rows": queries.of(user),
        "sinks": queries.sinks(user),
        "kinds": [(kind, kind.problem()) for kind in KINDS.values() if kind.hears == "notices"],
        "rhythms": words.choices(Rhythm.choices),
        "is_admin": policy.is_admin(user),
        "server_now": clock.now(),
    }
    return render(request, "dashboard/channels.html", context, status=status)


@for_people
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """Its rules and what was sent last; a POST changes the rules."""
    channel = _channel_or_404(request, public_id)
    if request.method != "POST":
        return _shown(request, channel)
    sent = request.POST
    changes: dict[str, Any] = {"types": sent.getlist("type")}
    if KINDS[channel.kind].hears == "events":
        changes["with_output"] = bool(sent.get("with_output"))
    else:
        lists = {"only": sent.getlist("only"), "muted": sent.getlist("muted")}
        changes |= {**lists, "rhythm": sent.get("rhythm", "")}
    if address := sent.get("address", "").strip():
        changes["address"] = address
    if "secret" in sent:
        changes["secret"] = sent["secret"].strip()
    try:
        channels.change(channel, person(request), changes)
    except Refused as refused:
        return _shown(request, channel, refused)
    return redirect("channel", public_id)


@for_people
@require_POST
def act(request: HttpRequest, public_id: str, what: str) -> HttpResponse:
    """Try it, turn it on or off, send again what was given up, mute something, delete it."""
    channel = _channel_or_404(request, public_id)
    if what not in _ACTS:
        raise Http404
    try:
        _ACTS[what](channel, person(request), request.POST.get("subject", ""))
    except Refused as refused:
        return _shown(request, channel, refused)
    return redirect("channels") if what == "delete" else redirect("channel", public_id)


def _mute(channel: Channel, user: User, subject: str) -> Channel:
    return channels.change(channel, user, {"muted": [*channel.muted, subject]})


_ACTS: dict[str, Callable[[Channel, User, str], object]] = {
    "test": lambda channel, user, _: channels.test(channel, user),
    "on": lambda channel, user, _: channels.switch(channel, user, on=True),
    "off": lambda channel, user, _: channels.switch(channel, user, on=False),
    "again": lambda channel, user, _: channels.send_again(channel, user),
    "delete": lambda channel, user, _: channels.delete(channel, user),
    "mute": _mute,
}


def _shown(request: HttpRequest, channel: Channel, refusal: Refused | None = None) -> HttpResponse:
    messages, soon, kind = queries.messages(channel), clock.now() + SOON, KINDS[channel.kind]
    context = {
        "channel": channel,
        "kind": kind,
        "types": words.choices(TYPES if kind.hears == "notices" else EVENT_TYPES),
        "rhythms": words.choices(Rhythm.choices),
        "subjects": queries.subjects(person(request)),
        "messages": messages,
        "is_moving": any(row.state == "waiting" and row.due_at < soon for row in messages),
        "may_change": policy.may_change_channel(person(request), channel),
        "refusal": refusal,
        "server_now": clock.now(),
    }
    status = status_of(refusal) if refusal else 200
    return render(request, "dashboard/channel.html", context, status=status)


def _channel_or_404(request: HttpRequest, public_id: str) -> Channel:
    channel = queries.one(person(request), id_or_404(public_id, "snk"))
    if channel is None:
        raise Http404
    return channel
