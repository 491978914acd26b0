"""Safe pieces of markup put together in the reader's language: sentences, and lists in words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from executions.journal.paths import ancestors
from executions.models import Step

MOST_NAMED = 4


def one_after_the_other(*sentences: str) -> str:
    """Those of the sentences that are not empty."""
    return format_html_join(" ", "{}", ((each,) for each in sentences if each))


def listed(parts: Sequence[str], rest: int = 0) -> str:
    """Safe parts as a list in words, the last after "and"; ``rest`` more are only counted."""
    shown = [*parts, *([_("{number} more").format(number=rest)] if rest else [])]
    *firsts, last = shown
    if not firsts:
        return last
    listed = format_html_join(", ", "{}", ((each,) for each in firsts))
    return format_html(_("{firsts} and {last}"), firsts=listed, last=last)


def names(steps: Sequence[Step]) -> str:
    """The names of these steps, the first few of them."""
    shown = [format_html("<strong>{}</strong>", step.name) for step in steps[:MOST_NAMED]]
    return listed(shown, max(0, len(steps) - MOST_NAMED))


def leaves(steps: Sequence[Step], *statuses: str) -> list[Step]:
    """Those of these statuses that have none of them below: more than one where branches have."""
    wanted = [step for step in steps if step.status in statuses]
    around = {above for step in wanted for above in ancestors(step.path)}
    return [step for step in wanted if step.path not in around]
