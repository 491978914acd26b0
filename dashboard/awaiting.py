"""The things that a run waits for, in sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext

from dashboard import values, words
from dashboard.listed import MOST_NAMED, listed, one_after_the_other
from dashboard.templatetags.words import at, lasted, until
from executions.ids import public_id
from executions.journal.decided import Child, Listening, prefix_of_child
from executions.models import Step, in_line
from executions.states import StepStatus, WaitingFor

_LONGEST_PROMPT = 200
_FOR: dict[str, str] = {
    WaitingFor.DECISION: N_("your decision"),
    WaitingFor.FUNCTION_PROCESS: N_("a free function process"),
    WaitingFor.BUDGET: N_("the budget of its owner for this day"),
}
_LONGEST_KEY = 60


def stands_in_line(place: in_line.Place) -> str:
    """Nothing of it runs; the line is that of the whole installation."""
    line = place.line
    waits = format_html(
        _(
            "Step <strong>{step}</strong> has waited {span} for a free function process. It has not"
            " begun, and no time limit runs meanwhile."
        ),
        step=place.step.name,
        span=lasted(place.since, None),
    )
    others = format_html(
        _("{number} runs wait for one, the longest for {span}."),
        number=words.translated(line.words()),
        span=lasted(line.since, None),
    )
    return one_after_the_other(waits, others if line.length > 1 else "")


def for_child(steps: Sequence[Step], name: str) -> str:
    child = next(
        (
            public_id(prefix_of_child(step.arguments), key)
            for step in steps
            if step.waiting_for == WaitingFor.CHILD and (key := Child.of(step).child)
        ),
        None,
    )
    if child is None:
        return format_html(_("Step <strong>{step}</strong> waits for another run."), step=name)
    href = reverse("execution", args=[child])
    return format_html(
        _('Step <strong>{step}</strong> waits for the run <a href="{href}">{run}</a>.'),
        step=name,
        href=href,
        run=child,
    )


def in_branches(steps: Sequence[Step]) -> str:
    """The waits of the branches, the first few of them."""
    said = [_waits(step) for step in steps[:MOST_NAMED]]
    rest = max(0, len(steps) - MOST_NAMED)
    return format_html(
        _("Waits in {number} branches: {what}."), number=len(steps), what=listed(said, rest)
    )


def _waits(step: Step) -> str:
    name = format_html("<strong>{}</strong>", step.name)
    if step.status == StepStatus.RETRYING and step.wake_at:
        return format_html(_("{step} is tried again {when}"), step=name, when=until(step.wake_at))
    if step.waiting_for == WaitingFor.EVENT:
        return format_html(_("{step} listens {filters}"), step=name, filters=_filters(step))
    if step.waiting_for in (WaitingFor.TIMER, WaitingFor.BACK_OFF) and step.wake_at:
        return format_html(_("{step} goes on {when}"), step=name, when=until(step.wake_at))
    what = words.translated(_FOR.get(step.waiting_for) or step.waiting_for)
    return format_html(_("{step} waits for {what}"), step=name, what=what)


def listening(step: Step) -> str:
    """The events that it listens to, and how many it has taken."""
    heard = len(Listening.of(step).heard or ())
    taken = ngettext("It has taken {number} event.", "It has taken {number} events.", heard)
    return one_after_the_other(
        format_html(
            _("Step <strong>{step}</strong> listens {filters}."),
            step=step.name,
            filters=_filters(step),
        ),
        taken.format(number=heard) if heard else "",
        format_html(_("It stops listening {when}."), when=until(step.wake_at))
        if step.wake_at
        else "",
    )


def _filters(step: Step) -> str:
    """Which events, with the values that they have to have."""
    arguments = step.arguments if isinstance(step.arguments, dict) else {}
    filters = [each for each in arguments.get("filters", ()) if isinstance(each, dict)]
    shown = [_filter(each) for each in filters[:MOST_NAMED]]
    if len(filters) > MOST_NAMED:
        shown.append(words.count(len(filters) - MOST_NAMED, "other"))
    return format_html_join("; ", "{}", ((each,) for each in shown)) or _("for any event")


def _filter(wanted: dict[str, Any]) -> str:
    kind = values.plain(str(wanted.get("type") or ""))[:_LONGEST_PROMPT]
    equalities = [(key[1:].replace("/", "."), value) for key, value in wanted["equal"].items()]
    equalities += [(n, r["expect"]) for n, r in wanted["correlate"].items() if "expect" in r]
    pairs = [
        (key[:_LONGEST_KEY], values.plain(str(value))[:_LONGEST_KEY])
        for key, value in equalities[:MOST_NAMED]
    ]
    where = format_html_join(", ", "<bdi>{}</bdi> = <bdi>{}</bdi>", pairs)
    what = format_html(_("for <bdi>{kind}</bdi>"), kind=kind) if kind else _("for any event")
    return format_html(_("{what} with {where}"), what=what, where=where) if pairs else what


def asking(step: Step) -> str:
    """Whom it asks what, and until when; empty where its question is not at hand."""
    ask = next(iter(step.asks.all()), None)
    if ask is None:
        return ""
    users = sorted(user.get_username() for user in ask.users.all())
    names = users + sorted(group.name for group in ask.groups.all())
    shown: list[str] = [format_html("<bdi>{}</bdi>", name) for name in names[:MOST_NAMED]]
    if len(names) > MOST_NAMED:
        shown.append(words.count(len(names) - MOST_NAMED, "other"))
    *firsts, last = shown or [_("an administrator")]
    before = format_html_join(", ", "{}", ((each,) for each in firsts))
    who = format_html(_("{firsts} or {last}"), firsts=before, last=last) if firsts else last
    if ask.is_four_eyes:
        who = format_html(_("{who} (not of who started it)"), who=who)
    prompt = values.said(ask, ask.prompt)
    return format_html(
        _(
            "Waits for an answer of {who} until {at} ({left}). Step <strong>{step}</strong> asks:"
            " <q><bdi>{prompt}</bdi></q>"
        ),
        who=who,
        at=at(ask.expires_at),
        left=until(ask.expires_at),
        step=step.name,
        prompt=prompt if len(prompt) <= _LONGEST_PROMPT else f"{prompt[: _LONGEST_PROMPT - 1]}…",
    )
