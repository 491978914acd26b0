"""Takes secrets out of what is told: errors, logs, messages.

For good: what was taken out cannot be put back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from executions.secrets.forms import forms_of, why_not_searched
from executions.secrets.texts import mapped

Json = Any
NAMELESS = "[***]"


class Hider:
    """Knows the texts that give secrets away. ``texts`` are values by the name of their secret."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._forms = forms_of(texts)
        self._pattern = _pattern(self._forms)

    def learn(self, text: str, name: str) -> None:
        """From now on this text gives the secret ``name`` away too: an expression computed it,
        say.
        """
        if text not in self._forms and not why_not_searched(text):
            self._forms |= {
                form: name for form in forms_of({name: text}) if form not in self._forms
            }
            self._pattern = _pattern(self._forms)

    def finds(self, text: str) -> bool:
        """Whether there is something to hide in the text; it may be JSON."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def held_back(self, text: str) -> int:
        """How many characters at the end of ``text``, which goes on, may begin what gives a secret
        away: what stands before them can be searched by itself.
        """
        if self._pattern is None or not text:
            return 0
        held, last = 0, text[-1]
        for form in self._forms:
            for size in range(min(len(form) - 1, len(text)), held, -1):
                if form[size - 1] == last and text.endswith(form[:size]):
                    held = size
                    break
        at = len(text) - held
        for match in self._pattern.finditer(text):
            if match.start() < at < match.end():
                at = match.start()
        return len(text) - at

    def name_in(self, text: str) -> str | None:
        """The name of a secret that the text gives away; None for none."""
        match = self._pattern.search(text) if self._pattern is not None else None
        return None if match is None else self._forms[match.group()]

    def replaced(self, text: str, label: Callable[[str, str], str]) -> str:
        """``text`` with each piece that gives a secret away replaced by ``label(name, piece)``."""
        if self._pattern is None:
            return text
        return self._pattern.sub(
            lambda match: label(self._forms[match.group()], match.group()), text
        )

    def hide(self, value: Json) -> Json:
        """``value`` without any secret: each, as it is or encoded, becomes ``[secret NAME]``.

        Values that are short or common are not searched for
        (:func:`executions.secrets.forms.why_not_searched`).
        """
        return mapped(value, self._hidden, self._hidden_number)

    def _hidden(self, text: str) -> str:
        for _ in range(4):
            if not self.finds(text):
                return text
            text = self.replaced(text, lambda name, _: self._label(name))
        return NAMELESS if self.finds(text) else text

    def _hidden_number(self, number: int | float) -> Json:
        text = str(number)
        return self._hidden(text) if self.finds(text) else number

    def _label(self, name: str) -> str:
        label = f"[secret {name}]"
        return NAMELESS if self.finds(label) else label


def _pattern(forms: Mapping[str, str]) -> re.Pattern[str] | None:
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
