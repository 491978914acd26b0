"""What pages show of an agent's run."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

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
    told = f"{read:,} tokens in" + (f" ({cached:,} cached)" if cached else "")
    return f"{told}, {written:,} out"


_EFFECTS = {
    "pure": "reads",
    "idempotent": "may be repeated",
    "at_most_once": "at most once",
    "transactional": "in a transaction",
}


@register.filter
def effect_words(effect: str) -> str:
    """What a call does to the world, in words."""
    return _EFFECTS.get(effect, effect)


@register.filter
def visible(text: str) -> str:
    """A text whose invisible characters are written out."""
    return made_visible(text)


@register.simple_tag
def new_key() -> str:
    """The mark by which a form that is sent twice is known."""
    return uuid.uuid4().hex
