"""JSON values as text for people, never longer than a page can bear."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

from executions import showing, sight
from executions.language.walking import late
from executions.models import Ask, Execution

SHOWN_CHARACTERS = 4000
MASKED_WHOLE = N_("Too long for a page with sensitive values masked: open it whole.")


@dataclass(frozen=True, slots=True)
class Shown:
    """A value's text; ``is_cut`` where only its beginning is shown. A string is shown as the text
    that it is, with its lines: ``is_json`` is for what is not one.
    """

    text: str
    is_cut: bool = False
    is_json: bool = True


# Characters that turn the text around them: shown as escapes, so that nothing looks like what it is
# not.
_TURNING = str.maketrans(
    {
        code: f"\\u{code:04x}"
        for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)
    }
)


def pretty(value: Any) -> str:
    """Indented JSON with its characters as they are, but for secrets and what turns the direction
    of writing.
    """
    return json.dumps(showing.value(value), indent=2, ensure_ascii=False).translate(_TURNING)


def pretty_text(stored: str) -> str:
    """A whole stored JSON text, indented."""
    return pretty(json.loads(stored))


def plain(text: str) -> str:
    """Somebody's text without a secret, or a turn of direction, that is hidden in it."""
    return showing.text(text).translate(_TURNING)


def failure(execution: Execution) -> str:
    """Why a run failed, as the reader may see it, wherever it is told."""
    return sight.reason_of(execution).translate(_TURNING)


def said(ask: Ask, text: str) -> str:
    """A text of a question, as the reader may see it."""
    return sight.said_by(ask, text).translate(_TURNING)


def of(value: Any) -> Shown:
    """A value that is here as a whole."""
    if isinstance(value, str):
        return Shown(plain(value), is_json=False)
    return Shown(pretty(value))


def shown(stored: str | None, control: Any = None) -> Shown | None:
    """A stored JSON text, of which at most ``SHOWN_CHARACTERS`` + 1 characters were read; None for
    no value.

    ``control`` is that of the call whose arguments these are: it knows where secrets belong.
    """
    if stored is None or stored == "null":
        return None
    if len(stored) > SHOWN_CHARACTERS and not showing.whole():
        # Cut off, it is no JSON any more, in which what is sensitive could be found.
        return Shown(_(MASKED_WHOLE), is_cut=True, is_json=False)
    if len(stored) > SHOWN_CHARACTERS:
        return Shown(plain(stored[:SHOWN_CHARACTERS]), is_cut=True)
    return of(late.shown(json.loads(stored), control))
