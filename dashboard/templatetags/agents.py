"""What pages show of an agent's run."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

from dashboard import markdown as reading

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
