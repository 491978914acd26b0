"""The step whose effect may or may not have happened, and of which a person has to say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import values
from executions.journal.decided import Call
from executions.models import LateAnswer, Step


def question(steps: Sequence[Step]) -> Step | None:
    """The step that waits for a decision, if one does."""
    return next((step for step in steps if Call.of(step).needs_decision), None)


@dataclass(frozen=True, slots=True)
class Late:
    """An answer that came late, for the person who decides.

    ``text`` is how it is shown, ``output`` what the form is filled in with: empty where it is cut
    or hides a secret, as what is sent would not be what came.
    """

    answer: LateAnswer
    text: str
    output: str


def late_answer(step: Step | None) -> Late | None:
    """The late answer that was kept of the step that waits for a decision."""
    if step is None:
        return None
    answer = LateAnswer.objects.offered_for(step.pk, step.execution_id, Call.of(step).key)
    if answer is None:
        return None
    if not answer.succeeded:
        return Late(answer, values.pretty(answer.error), "")
    text = values.pretty(answer.output)
    is_whole = len(text) <= values.SHOWN_CHARACTERS and json.loads(text) == answer.output
    return Late(answer, text[: values.SHOWN_CHARACTERS], text if is_whole else "")
