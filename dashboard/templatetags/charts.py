"""Small pictures of numbers, drawn here: they need no script, print, and say what they show."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.queries.by_hour import Day

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


_DAY_WIDTH, _DAY_HEIGHT = 720, 96


@register.simple_tag
def day_bars(day: Day) -> SafeString:
    """Runs by the hour as bars, what failed in their foot; the table beside it says the same."""
    step = _DAY_WIDTH / max(1, len(day.hours))
    most = max(day.most, 1)

    def bar(index: int, count: int, kind: str) -> tuple[object, ...]:
        height = _DAY_HEIGHT * min(count, most) / most
        height = max(2.0, height) if count else 0.0
        sizes = (index * step + 1, _DAY_HEIGHT - height, step - 2, height)
        return (kind, *(round(each, 2) for each in sizes))

    bars = [
        bar(index, count, kind)
        for index, hour in enumerate(day.hours)
        for kind, count in (("began", hour.began), ("failed", hour.failed))
    ]
    return format_html(
        '<svg class="day-bars" viewBox="0 0 {} {}" role="img" aria-label="{}"'
        ' preserveAspectRatio="none">{}</svg>',
        _DAY_WIDTH,
        _DAY_HEIGHT,
        f"In the last 24 hours {day.began:,} began, and there were {day.failed:,} failures",
        format_html_join(
            "",
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>',
            bars,
        ),
    )
