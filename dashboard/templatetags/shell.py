"""Tags for the frame of every page: icons, navigation, the unread badge."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.queries import inbox
from dashboard.viewer import standing_of as viewer_standing
from executions.live.inbox import now_seq

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One symbol of the sprite; it is decoration, the word beside it is what counts."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        extra,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def nav_link(context: dict[str, Any], name: str, words: str, symbol: str, unread: int | None = None) -> SafeString:
    """A link of the main navigation, marked where the reader is in its part of the site."""
    address = reverse(name)
    path = context["request"].path if "request" in context else ""
    here = path == address if address == "/" else path.startswith(address)
    badge = unread_badge(unread) if unread is not None else ""
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
    said = format_html('{}<span class="sr-only"> unread</span>', "99+" if unread > 99 else unread) if unread else ""
    return format_html('<span class="badge" id="unread-badge">{}</span>', said)


@register.simple_tag
def unread_count(user: Any) -> int:
    return inbox.unread_count(user.pk) if user.is_authenticated else 0


@register.simple_tag
def inbox_seq() -> int:
    """The moment at which this page was made, in the inbox's own counting (see ``executions.live.inbox``)."""
    return now_seq()


@register.filter
def standing_of(user: Any) -> str:
    return viewer_standing(user)


@register.simple_tag
def badge(unread: int) -> SafeString:
    return unread_badge(unread)
