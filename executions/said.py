"""Sentences for people that are made of a template and values.

Such a sentence is its English text: the API, the command, logs and rows take it as they take any
string. A page says the same in its reader's language: it looks the template up, and puts the same
values in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self


class Said(str):
    """``Said("It has {steps} steps.", steps=3)``. A value may be a sentence of this kind, too.

    ``parts`` are the sentences that it consists of, where it is several of them.
    """

    template: str
    values: dict[str, Any]
    parts: Sequence[str]

    def __new__(cls, template: str, /, **values: Any) -> Self:
        made = super().__new__(cls, template.format(**values))
        made.template, made.values, made.parts = template, values, ()
        return made

    @classmethod
    def together(cls, *parts: str) -> Self:
        """Several sentences, one after the other; empty ones are left out."""
        kept = [part for part in parts if part]
        made = cls("{text}", text=" ".join(kept))
        made.parts = kept
        return made
