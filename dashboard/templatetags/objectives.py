"""The figures of an objective, in words."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext

from dashboard import words
from executions.objectives.burning import Span, Target

register = template.Library()
NOT_YET = N_("not counted yet")
_TONES = {"missed": "tone-bad", "burns too fast": "tone-warn", "kept": "tone-good"}
_ICONS = {"missed": "alert", "burns too fast": "flag", "kept": "check"}


@register.filter
def aim(target: Target) -> str:
    """The target: ``99.5 % complete``, ``95 % within 30 s``."""
    if target.within_seconds is None:
        return _("{percent:g} % complete").format(percent=target.percent)
    said = _("{percent:g} % within {span}")
    return said.format(percent=target.percent, span=_seconds(target.within_seconds))


@register.filter
def reached(span: Span | None) -> str:
    """``98.75 % of 1,600 runs``."""
    if span is None:
        return _(NOT_YET)
    if span.reached is None:
        return _("no run")
    return ngettext(
        "{percent:g} % of {number:,} run", "{percent:g} % of {number:,} runs", span.runs
    ).format(percent=span.reached, number=span.runs)


@register.filter
def reached_share(span: Span | None) -> str:
    """The same as a share alone."""
    if span is None:
        return _(NOT_YET)
    return _("no run") if span.reached is None else f"{span.reached:g} %"


@register.filter
def used(target: Target) -> str:
    """The share of the budget: ``42 %, 21 of 50 runs``."""
    if target.used is None or target.month is None:
        return "–"
    return _("{percent:,.0f} %: {wrong:,} of {allowed:,.4g} runs").format(
        percent=100 * target.used, wrong=target.month.wrong, allowed=target.allowed
    )


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
        return _(NOT_YET)
    return _("no run") if span.burn is None else f"{span.burn:,.1f}"


@register.filter
def state(target: Target) -> str:
    """How it stands, in words."""
    return _(_state(target))


def _state(target: Target) -> str:
    """``missed``, ``burns too fast``, ``kept``, ``no run``, ``not counted yet``."""
    if not target.is_counted:
        return NOT_YET
    if target.used is None:
        return N_("no run")
    if target.is_missed:
        return N_("missed")
    return N_("burns too fast") if target.burns_too_fast else N_("kept")


@register.filter
def tone(target: Target) -> str:
    """The tone of that state."""
    return _TONES.get(_state(target), "tone-idle")


@register.filter
def mark(target: Target) -> str:
    """The icon of that state."""
    return _ICONS.get(_state(target), "clock")


def _seconds(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else words.duration(timedelta(seconds=seconds))
