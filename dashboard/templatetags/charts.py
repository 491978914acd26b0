"""Small pictures of numbers, drawn here: they need no script, print, and say what they show."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()
_WIDTH, _HEIGHT, _GAP = 96, 24, 1


@register.simple_tag
def trend(hours: Sequence[int]) -> SafeString:
    """How many in each of the last hours, as bars; the highest fills the picture."""
    most = max(hours, default=0) or 1
    step = _WIDTH / max(1, len(hours))
    bars = (
        tuple(round(each, 2) for each in (index * step, _HEIGHT - height, step - _GAP, height))
        for index, count in enumerate(hours)
        if (height := max(2.0, _HEIGHT * count / most) if count else 1.0)
    )
    label = f"{sum(hours):,} in the last {len(hours)} hours, {hours[-1]:,} in the last one"
    return format_html(
        '<svg class="trend" viewBox="0 0 {} {}" role="img" aria-label="{}"'
        ' preserveAspectRatio="none">'
        "<title>{}</title>{}</svg>",
        _WIDTH,
        _HEIGHT,
        label,
        label,
        format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" rx="1"/>', bars),
    )
