"""The tags and filters of the pages of an agent's run."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django import template
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from dashboard import markdown as reading
from executions.agents.asking import visible as made_visible

register = template.Library()


@register.simple_tag
def markdown(text: str) -> SafeString:
    """A model's text."""
    return reading.rendered(text)


@register.simple_tag
def tokens(usage: Mapping[str, int]) -> str:
    """How many tokens were read and written."""
    read, written = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    cached = usage.get("cached_tokens", 0)
    if cached:
        said = _("{read:,} tokens in ({cached:,} cached), {written:,} out")
    else:
        said = _("{read:,} tokens in, {written:,} out")
    return said.format(read=read, cached=cached, written=written)


_EFFECTS = {
    "pure": N_("reads"),
    "idempotent": N_("may be repeated"),
    "at_most_once": N_("at most once"),
    "transactional": N_("in a transaction"),
}


@register.filter
def effect_words(effect: str) -> str:
    """The effect of a call on the world, in words."""
    return _(_EFFECTS.get(effect, effect))


@register.filter
def visible(text: str) -> str:
    """A text whose invisible characters are written out."""
    return made_visible(text)


@register.simple_tag
def links_to(conversations: Sequence[str], said: str) -> SafeString:
    """Links to these conversations, each with the same words."""
    pairs = [(reverse("execution-conversation", args=[each]), said) for each in conversations]
    return format_html_join(", ", '<a href="{}">{}</a>', pairs)


@register.simple_tag
def new_key() -> str:
    """The mark by which a form that is sent twice is known."""
    return uuid.uuid4().hex
