"""A request to a language model: one turn of an agent. No task of a workflow makes it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from executions.calls.kind import CallKind
from executions.calls.parameters import Model

# Servers of models are overloaded for longer than others.
MODEL_RETRY_DELAYS: Sequence[float] = (2.0, 5.0, 15.0, 60.0, 180.0)


class ModelArguments(Model):
    """The arguments of a turn; the conversation is rebuilt from the steps before it."""

    model: str = Field(min_length=1, max_length=200, description="the name of the model")


MODEL = CallKind(
    "model",
    ModelArguments,
    needs="an object with `model`",
    # Asking again gives another answer and costs again, and harms nobody.
    effect_of=lambda arguments: "idempotent",
    destinations=(),
    retry_delays=lambda: MODEL_RETRY_DELAYS,
    takes_secrets=False,
    streams=True,
)
