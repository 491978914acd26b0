"""The figures of an objective, in words."""

from __future__ import annotations

from datetime import timedelta

from django import template

from dashboard import words
from executions.objectives.burning import Span, Target

register = template.Library()
NOT_YET = "not counted yet"


@register.filter
def aim(target: Target) -> str:
    """The target: ``99.5 % complete``, ``95 % within 30 s``."""
    if target.within_seconds is None:
        return f"{target.percent:g} % complete"
    return f"{target.percent:g} % within {_seconds(target.within_seconds)}"


@register.filter
def reached(span: Span | None) -> str:
    """``98.75 % of 1,600 runs``."""
    if span is None:
        return NOT_YET
    if span.reached is None:
        return "no run"
    return f"{span.reached:g} % of {span.runs:,} run{'' if span.runs == 1 else 's'}"


@register.filter
def reached_share(span: Span | None) -> str:
    """The same as a share alone."""
    if span is None:
        return NOT_YET
    return "no run" if span.reached is None else f"{span.reached:g} %"


@register.filter
def used(target: Target) -> str:
    """The share of the budget: ``42 %, 21 of 50 runs``."""
    if target.used is None or target.month is None:
        return "–"
    return f"{100 * target.used:,.0f} %: {target.month.wrong:,} of {target.allowed:,.4g} runs"


@register.filter
def used_share(target: Target) -> str:
    """The same as a share alone."""
    return "–" if target.used is None else f"{100 * target.used:,.0f} %"


@register.filter
def bar(target: Target) -> int:
    """How much of the bar of the budget is filled, of a hundred."""
    return min(100, round(100 * (target.used or 0.0)))


@register.filter
def burn(span: Span | None) -> str:
    """How fast the budget burned: ``1.4``."""
    if span is None:
        return NOT_YET
    return "no run" if span.burn is None else f"{span.burn:,.1f}"


@register.filter
def state(target: Target) -> str:
    """How it stands: ``missed``, ``burns too fast``, ``kept``, ``no run``, ``not counted yet``."""
    if not target.is_counted:
        return NOT_YET
    if target.used is None:
        return "no run"
    if target.is_missed:
        return "missed"
    return "burns too fast" if target.burns_too_fast else "kept"


@register.filter
def tone(target: Target) -> str:
    """The tone of that state."""
    tones = {"missed": "tone-bad", "burns too fast": "tone-warn", "kept": "tone-good"}
    return tones.get(state(target), "tone-idle")


@register.filter
def mark(target: Target) -> str:
    """The icon of that state."""
    icons = {"missed": "alert", "burns too fast": "flag", "kept": "check"}
    return icons.get(state(target), "clock")


def _seconds(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else words.duration(timedelta(seconds=seconds))
