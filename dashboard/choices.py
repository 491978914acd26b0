"""The step whose effect may or may not have happened, and of which a person has to say."""

from __future__ import annotations

from collections.abc import Sequence

from executions.models import Step


def question(steps: Sequence[Step]) -> Step | None:
    """The step that waits for a decision, if one does."""
    return next((step for step in steps if step.control.get("needs_decision")), None)
