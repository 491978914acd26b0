"""Filters and tags that say states, times and values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from dashboard import values, words
from dashboard.templatetags.shell import icon
from executions import clock
from executions.journal.events import title_of
from executions.models import Event, Execution
from executions.models.notification import FAILURES
from executions.states import Look
from executions.verbs.rows import VERBS
from stigmer_site.zones import exact

register = template.Library()


@register.filter
def translated(text: Any) -> str:
    """A word of a table or a sentence of an inner room, in the language of the page."""
    return words.translated(text)


@register.filter
def would(verb: str) -> list[str]:
    """The templates of what a verb would do; the first that is there says it."""
    return [f"dashboard/would/{VERBS[verb].module}.html", "dashboard/would/any.html"]


@register.filter
def proposed(verb: str) -> list[str]:
    """The same where a second person is asked: a verb may say it more shortly there."""
    return [f"dashboard/proposed/{VERBS[verb].module}.html", *would(verb)]


@register.simple_tag
def phase(name: str, shape: str = "pill") -> SafeString:
    return _status(words.phase_look(name), shape)


@register.simple_tag
def phase_word(name: str) -> str:
    """The phase alone, for the title of a window."""
    return words.phase_look(name).word


@register.simple_tag
def mark_of(name: str) -> str:
    """The address of the mark that the window's tab wears while a run is in this phase."""
    return static(f"img/mark-{words.phase_look(name).tone}.svg")


@register.filter
def grouped(number: int) -> str:
    """``12,345``."""
    return f"{number:,}"


@register.simple_tag
def status(name: str, shape: str = "") -> SafeString:
    return _status(words.status_look(name), shape)


@lru_cache(maxsize=1024)
def _status(look: Look, shape: str) -> SafeString:
    return format_html(
        '<span class="status {} tone-{}">{}{}</span>',
        shape,
        look.tone,
        icon(look.icon),
        look.word,
    )


@register.filter
def workspace_of_run(workspace: Any) -> str:
    """The workspace that a run names itself, in words."""
    git = workspace.get("git") if isinstance(workspace, dict) else None
    if git:
        name, base = git["repository"], git.get("base")
        if base:
            said = _("the repository {repository} at {base} as its workspace")
            return said.format(repository=name, base=base)
        return _("the repository {repository} as its workspace").format(repository=name)
    return _("no workspace") if workspace == "none" else _("a temporary folder as its workspace")


@register.filter
def phase_tone(name: str) -> str:
    return f"tone-{words.phase_look(name).tone}"


@register.filter
def event_title(event: Event) -> str:
    return words.translated(title_of(event.name, event.payload))


@register.filter
def settled_word(event: Event) -> str:
    return words.settled_word(event.name, event.execution.phase)


@register.filter
def is_failure(name: str) -> bool:
    return name in FAILURES


@register.filter
def event_tone(name: str) -> str:
    return f"tone-{words.event_tone(name)}"


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago; the exact moment on hover and for machines."""
    if moment is None:
        return "–"
    return format_html(
        '<time datetime="{0}" title="{1}" data-ago="{0}">{2}</time>',
        moment.isoformat(),
        exact(moment),
        words.ago(moment, clock.now()),
    )


@register.simple_tag
def until(moment: datetime) -> SafeString:
    """A countdown."""
    left = moment - clock.now()
    is_ahead = left.total_seconds() > 0
    first = _("in {span}").format(span=words.duration(left)) if is_ahead else _("now")
    return format_html(
        '<time datetime="{0}" title="{1}" data-until="{0}">{2}</time>',
        moment.isoformat(),
        exact(moment),
        first,
    )


@register.simple_tag
def at(moment: datetime) -> SafeString:
    """The exact moment."""
    return format_html('<time datetime="{}" data-at>{}</time>', moment.isoformat(), exact(moment))


@register.simple_tag
def day(moment: datetime) -> SafeString:
    """The day that a moment is in; the exact moment on hover and for machines."""
    return format_html(
        '<time datetime="{}" title="{}" data-day>{}</time>',
        moment.isoformat(),
        exact(moment),
        timezone.localtime(moment).strftime("%Y-%m-%d"),
    )


@register.simple_tag
def lasted(start: datetime | None, end: datetime | None) -> SafeString | str:
    """A duration, which ticks while there is no end."""
    if start is None:
        return "–"
    if end is not None:
        return format_html('<span class="number">{}</span>', words.duration(end - start))
    running = words.duration(clock.now() - start)
    return format_html('<span class="number" data-since="{}">{}</span>', start.isoformat(), running)


@register.filter
def span(length: timedelta | None) -> str:
    """A duration that is over; empty where there is none."""
    return "" if length is None else words.duration(length)


@register.simple_tag
def copyable(text: str, label: str = N_("id")) -> SafeString:
    """A text that one click copies."""
    return format_html(
        '<button class="copy" type="button" data-copies="{0}" aria-label="{1}">'
        "<span data-label>{0}</span>{2}</button>",
        text,
        _("Copy {what} {text}").format(what=_(label), text=text),
        icon("copy", "icon-s"),
    )


@register.filter
def pretty(value: Any) -> str:
    return values.pretty(value)


@register.filter
def plain(text: str) -> str:
    """Somebody's text without what would turn its direction, or a secret that is hidden in it."""
    return values.plain(text)


@register.filter
def failure(execution: Execution) -> str:
    """Why it failed, as far as its reader may see it."""
    return values.failure(execution)


@register.filter
def reason_first(reason: str) -> str:
    return words.reason_first(reason)


@register.filter
def of(counts: Mapping[str, int], name: str) -> int:
    """The count of this name; 0 where there is none."""
    return counts.get(name, 0)


@register.filter
def plural(number: int, word: str) -> str:
    return words.count(number, word)
