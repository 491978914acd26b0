"""How phases, statuses, events and times are said to people, in the language of the reader: word,
icon and tone always together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_
from django.utils.translation import ngettext

from executions import spans
from executions.agents import paths
from executions.journal.events import known
from executions.journal.paths import unescape
from executions.models.notification import CONSENTS, DECISIONS, QUESTIONS, SILENCE, STALLS
from executions.said import Said
from executions.states import LOOK_OF_PHASE, LOOK_OF_STATUS, Look, Phase, Tone, WaitingFor

DECISION = Look(N_("Decision"), "decision", Tone.WARN)
UNKNOWN = Look(N_("Unknown"), "info", Tone.IDLE)
# As static/js/clock.js says it, too.
JUST_NOW_SECONDS = 5
_MOMENTS = frozenset({WaitingFor.TIMER, WaitingFor.BACK_OFF})
_AWAITED: dict[str, str] = {
    WaitingFor.FUNCTION_PROCESS: N_("a free function process"),
    WaitingFor.DECISION: N_("a person's decision"),
}


def translated(text: Any) -> str:
    """A word or a sentence of an inner room, in the language of the reader; one that nobody
    translated as it is.
    """
    if isinstance(text, SafeString):
        return text
    if not isinstance(text, Said):
        return _(str(text)) if text else ""
    if text.parts:
        return " ".join(translated(part) for part in text.parts)
    inner = {name: translated(each) for name, each in text.values.items() if isinstance(each, Said)}
    return _(text.template).format(**text.values | inner)


def choices(labels: Iterable[tuple[Any, Any]]) -> list[tuple[Any, str]]:
    """Values with their labels, in the language of the reader."""
    return [(value, translated(label)) for value, label in labels]


def phase_look(phase: str) -> Look:
    return _said(LOOK_OF_PHASE.get(phase, UNKNOWN))


def status_look(status: str) -> Look:
    return _said(LOOK_OF_STATUS.get(status, UNKNOWN))


def decision_look(name: str) -> Look:
    """Of a step that is a person's decision."""
    return replace(DECISION, word=_(name.replace("_", " ").capitalize()))


def _said(look: Look) -> Look:
    return replace(look, word=_(look.word))


def settled_word(event: str, phase: str) -> str:
    """The end of the matter for which an event called somebody; ``phase`` is the run's now."""
    if event in DECISIONS:
        return _("decided")
    if event in QUESTIONS:
        return _("answered")
    if event in CONSENTS:
        return _("over")
    if event in SILENCE:
        return _("heard again")
    if event in STALLS:
        return _("goes on") if phase == Phase.IN_PROGRESS else _("over")
    after = {Phase.FAILED: _("tried again, failed again"), Phase.COMPLETED: _("mended: completed")}
    ended = {Phase.CANCELLED: _("cancelled since"), Phase.TERMINATED: _("terminated since")}
    return (after | ended).get(Phase(phase), _("mended: goes on"))


def last_name(path: str) -> str:
    """The task at the end of a step's path, or the place that it names in an agent's run."""
    return paths.words(path) or unescape(path.rsplit("/", 1)[-1].split("#")[0])


def awaited(waiting_for: str) -> str:
    """For what a run waits beside a moment, with words before it; empty where for nothing."""
    kinds = [kind for kind in WaitingFor.apart(waiting_for) if kind not in _MOMENTS]
    named = [_(_AWAITED.get(kind, kind)) for kind in kinds]
    return _("waits for {them}").format(them=_(" and ").join(named)) if named else ""


def event_tone(name: str) -> str:
    event = known(name)
    return str(event.words.tone) if event is not None else "idle"


def duration(span: timedelta) -> str:
    """A span in the largest two units that matter."""
    return spans.lasting(span.total_seconds())


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, as static/js/clock.js says it, for the first paint."""
    seconds = (now - moment).total_seconds()
    if seconds < JUST_NOW_SECONDS:
        return _("just now")
    return _("{span} ago").format(span=spans.roughly(seconds))


# A call, and what became of it: ``POST https://… answered 503 …``, ``GET https://…: no answer``.
_CALL = re.compile(r"([A-Z]{3,7} \S+?)(?: answered |: )(.+)", re.DOTALL)


def reason_first(reason: str) -> str:
    """A reason with what went wrong before the address at which it did."""
    match = _CALL.fullmatch(reason)
    return f"{match[2]} · {match[1]}" if match else reason


def count(number: int, word: str) -> str:
    """``1 attempt``, ``3 attempts``."""
    return ngettext(f"{{number}} {word}", f"{{number}} {word}s", number).format(number=number)
