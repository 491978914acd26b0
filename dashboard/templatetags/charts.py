"""Small pictures of numbers, drawn here: they need no script, print, and say what they show."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dashboard.queries.by_hour import Day
from dashboard.queries.loads import LoadOfDay

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
    label = _("{number:,} in the last {hours} hours, {last:,} in the last one").format(
        number=sum(hours), hours=len(hours), last=hours[-1]
    )
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
        _("In the last 24 hours {began:,} began, and there were {failed:,} failures").format(
            began=day.began, failed=day.failed
        ),
        format_html_join(
            "",
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>',
            bars,
        ),
    )


@register.simple_tag
def load_bars(load: LoadOfDay) -> SafeString:
    """The runs that were driven, by the quarter, before the slots that there were."""
    said = _("In the last 24 hours at most {number:,} runs were driven at one time")
    label = said.format(number=load.most_held)
    counts = [("slots", [each.slots for each in load.quarters])]
    counts.append(("held", [each.held for each in load.quarters]))
    return _quarters("load", label, counts, load.most_slots)


@register.simple_tag
def age_bars(load: LoadOfDay) -> SafeString:
    """For how long the oldest run that was due had waited, by the quarter."""
    said = _("In the last 24 hours a run waited {seconds:,.0f} seconds at most")
    label = said.format(seconds=load.oldest_seconds)
    ages = [each.oldest_seconds for each in load.quarters]
    return _quarters("age", label, [("waited", ages)], load.oldest_seconds)


def _quarters(
    name: str, label: str, kinds: Sequence[tuple[str, Sequence[float]]], most: float
) -> SafeString:
    def bar(index: int, step: float, value: float, kind: str) -> tuple[object, ...]:
        height = max(1.5, _DAY_HEIGHT * min(value, most) / most)
        sizes = (index * step + 0.5, _DAY_HEIGHT - height, step - 1, height)
        return (kind, *(round(each, 2) for each in sizes))

    bars = [
        bar(index, _DAY_WIDTH / len(values), value, kind)
        for kind, values in kinds
        for index, value in enumerate(values)
        if value
    ]
    return format_html(
        '<svg class="day-bars {}" viewBox="0 0 {} {}" role="img" aria-label="{}"'
        ' preserveAspectRatio="none">{}</svg>',
        name,
        _DAY_WIDTH,
        _DAY_HEIGHT,
        label,
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', bars),
    )


@register.simple_tag
def worker_trend(samples: Sequence[int], slots: int) -> SafeString:
    """How many runs one worker drove, as a line under which it is filled."""
    most = max(slots, *samples, 1)
    step = _WIDTH / max(1, len(samples) - 1)
    points = [
        f"{index * step:.1f},{_HEIGHT - _HEIGHT * each / most:.1f}"
        for index, each in enumerate(samples)
    ]
    said = _("Drove at most {number} at one time in the last day")
    label = said.format(number=max(samples))
    return format_html(
        '<svg class="worker-trend" viewBox="0 0 {} {}" role="img" aria-label="{}"'
        ' preserveAspectRatio="none"><title>{}</title><polygon points="0,{} {} {},{}"/></svg>',
        _WIDTH,
        _HEIGHT,
        label,
        label,
        _HEIGHT,
        " ".join(points),
        _WIDTH,
        _HEIGHT,
    )
