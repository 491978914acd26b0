"""What a person may believe about a step whose effect may or may not have happened."""

from __future__ import annotations

from collections.abc import Sequence

from executions.models import Step

# Value sent to the verb, words on the button, its class.
CHOICES = (
    ("run_again", "It did not happen: run it again", ""),
    ("mark_done", "It happened: mark it as done", ""),
    ("fail", "Let it fail", "danger"),
)


def question(steps: Sequence[Step]) -> Step | None:
    """The step that waits for a decision, if one does."""
    return next((step for step in steps if step.control.get("needs_decision")), None)
