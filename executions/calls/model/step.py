"""Makes a request to a language model, by the mind of this process."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from executions import mind
from executions.calls.context import Audience, StepContext
from executions.calls.outcome import Done, Fail, Outcome
from executions.errors import WorkflowError
from executions.mind.errors import ANSWERED, PASSES, Problem, Why

_PER = Decimal(1_000_000)
# The names of failures in the DSL; everything else is a communication error.
_STANDARD = {
    Why.KEY: "authentication",
    Why.TIMED_OUT: "timeout",
    Why.SILENT: "timeout",
    Why.CANCELLED: "runtime",
    Why.INTERNAL: "runtime",
}


def run(arguments: Mapping[str, Any], context: StepContext) -> Outcome:
    """Ask the model that the context holds; the output is its message (executions.mind.messages).

    ``context.written`` is the conversation: ``instructions``, ``messages`` and ``tools``.
    """
    model = context.resources["model"]
    request = {
        "do": "answer",
        "model": {name: model[name] for name in _TOLD},
        "instructions": context.written["instructions"],
        "messages": context.written["messages"],
        "tools": context.written["tools"],
    }
    received = _Received(context.audience)
    context.audience.begin()
    try:
        message = mind.request(
            request,
            deadline=context.deadline,
            stopping=context.cancellation,
            heard=received.add,
        )
    except mind.RequestFailed as failed:
        return _fail(failed.problem, model, received)
    finally:
        context.audience.end()
    reads = {name: model[name] for name in ("context_tokens",) if model[name] is not None}
    return Done(message | reads | _cost(message["usage"], model))


def close() -> None:
    """End the mind of this process."""
    mind.close()


_TOLD = ("name", "protocol", "address", "key", "remote_name", "silence_seconds", "max_tokens")


class _Received:
    """How much of an answer came before it broke off; who follows the run sees it as it comes."""

    def __init__(self, audience: Audience) -> None:
        self.characters = 0
        self._audience = audience

    def add(self, heard: mind.Heard) -> None:
        self.characters += len(heard.text)
        self._audience.hear(heard)

    def told(self) -> str:
        return f" {self.characters:,} characters of it had come." if self.characters else ""


def _fail(problem: Problem, model: Mapping[str, Any], received: _Received) -> Fail:
    detail = problem.detail + (received.told() if problem.why in PASSES else "")
    if model["key"]:
        # Some providers repeat the key that they refuse.
        detail = detail.replace(model["key"], f"[secret {model['key_secret']}]")
    if problem.usage is not None:
        used = problem.usage["input_tokens"] + problem.usage["output_tokens"]
        detail += f" (It used {used:,} tokens.)"
    standard = WorkflowError.standard(_STANDARD.get(problem.why, "communication"), detail)
    return Fail(
        WorkflowError(standard.type, problem.status or standard.status, standard.title, detail),
        transient=problem.why in PASSES,
        rule=f"model: {problem.why}",
        retry_after=problem.retry_after,
        answered=problem.why in ANSWERED,
        usage=problem.usage,
    )


def _cost(usage: Mapping[str, int], model: Mapping[str, Any]) -> dict[str, Any]:
    """The cost of the answer, and the prices by which it was counted. A price that is not known is
    no price of 0.
    """
    prices = (model["input_price"], model["output_price"])
    if None in prices:
        return {"cost": None, "price": None}
    read, written = (Decimal(str(price)) for price in prices)
    cost = (usage["input_tokens"] * read + usage["output_tokens"] * written) / _PER
    unit_prices = {"input": str(read), "output": str(written), "per": "1,000,000 tokens"}
    return {"cost": f"{cost:f}", "price": unit_prices}
