"""Tags for the frame of every page: icons, navigation, the unread badge."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dashboard.queries import inbox
from dashboard.viewer import may_act as viewer_may_act
from dashboard.viewer import standing_of as viewer_standing
from dashboard.words import translated
from executions import policy
from executions.live.asks import MOST_COUNTED, Waiting, waiting
from executions.live.inbox import now_seq
from executions.live.topics import asks_topic
from executions.models import PersonalSettings

register = template.Library()
_CODE = re.compile(r"`([^`\n]+)`")


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, extra: str = "") -> SafeString:
    """One symbol of the sprite; it is decoration, the word beside it is what counts."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        extra,
        static("img/icons.svg"),
        name,
    )


@register.filter
def with_code(sentence: Any) -> SafeString:
    """A sentence for people in the reader's language, escaped, with what stands between backticks
    as code.
    """
    text = "" if sentence is None else translated(sentence)
    if isinstance(text, SafeString):
        return text
    pieces = _CODE.split(text)
    return format_html_join(
        "", "{}", ((_code(piece) if at % 2 else piece,) for at, piece in enumerate(pieces))
    )


def _code(text: str) -> SafeString:
    return format_html("<code>{}</code>", text)


@register.simple_tag(takes_context=True)
def nav_link(
    context: dict[str, Any],
    name: str,
    words: str,
    symbol: str,
    badge: SafeString | str = "",
) -> SafeString:
    """A link of the main navigation, with a count beside it, marked where the reader is there."""
    address = reverse(name)
    path = context["request"].path if "request" in context else ""
    here = path == address if address == "/" else path.startswith(address)
    return format_html(
        '<a href="{}" data-nav="{}"{}>{}{}{}</a>',
        address,
        name,
        format_html(' aria-current="{}"', "page") if here else "",
        icon(symbol),
        words,
        badge,
    )


def unread_badge(unread: int) -> SafeString:
    """The number of unread notifications; empty, and so invisible, where there is none."""
    said = (
        format_html(
            '{}<span class="sr-only"> {}</span>', "99+" if unread > 99 else unread, _("unread")
        )
        if unread
        else ""
    )
    return format_html('<span class="badge" id="unread-badge">{}</span>', said)


@register.simple_tag(takes_context=True)
def asks_waiting(context: dict[str, Any], user: Any) -> Waiting:
    """The questions that wait for this person's answer.

    A view that shows questions reads it before them, as ``asks``: with a mark that is newer than
    the questions, one that came between would not be pushed to the page.
    """
    read_before: Waiting | None = context.get("asks")
    if read_before is not None:
        return read_before
    return waiting(user) if user.is_authenticated else Waiting(0, 0)


@register.simple_tag
def asks_badge(user: Any, asks: Waiting, place: str) -> SafeString:
    """How many questions wait for this person; it stands in several places and follows."""
    most = asks.many >= MOST_COUNTED
    number = f"{MOST_COUNTED - 1}+" if most else asks.many
    hidden = format_html('<span class="sr-only"> {}</span>', _("waiting"))
    said = format_html("{}{}", number, hidden) if asks.many else ""
    shape = '<span class="badge" id="asks-badge-{}" data-topic="{}" data-seq="{}">{}</span>'
    return format_html(shape, place, asks_topic(user.pk), asks.mark, said)


@register.simple_tag
def settings_of(user: Any) -> PersonalSettings:
    """How this person wants pages to be."""
    return getattr(user, "personal_settings", None) or PersonalSettings()


@register.simple_tag
def unread_count(user: Any) -> int:
    return inbox.unread_count(user.pk) if user.is_authenticated else 0


@register.simple_tag
def inbox_seq() -> int:
    """The moment at which this page was made, in the inbox's own counting (see
    ``executions.live.inbox``).
    """
    return now_seq()


@register.simple_tag
def mail_is_set() -> bool:
    """Whether this server can send a link by mail."""
    return bool(settings.EMAIL_HOST)


@register.simple_tag
def input(field: BoundField) -> SafeString:
    """A field of a form of Django's, looking like ours."""
    return field.as_widget(attrs={"class": "input"})


@register.filter
def may_act(user: Any) -> bool:
    """Whether this person may change anything: pages leave out the forms of a viewer."""
    return viewer_may_act(user)


@register.filter
def sees_audit(user: Any) -> bool:
    return policy.sees_everything(user)


@register.filter
def standing_of(user: Any) -> str:
    return viewer_standing(user)


@register.simple_tag
def asks_topic_of(user: Any) -> str:
    return asks_topic(user.pk)


@register.simple_tag
def badge(unread: int) -> SafeString:
    return unread_badge(unread)
