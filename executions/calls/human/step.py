"""Runs ``call: human``: nothing is carried out, the outcome is the question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from executions.calls.context import StepContext
from executions.calls.duration import duration_seconds
from executions.calls.human.arguments import LONGEST_SECONDS, Approvers, HumanArguments
from executions.calls.outcome import Ask, Fail
from executions.errors import ExpressionError, WorkflowError


def run(arguments: Mapping[str, Any], context: StepContext | None = None) -> Ask | Fail:
    """The question as it is asked. A Fail where an expression gave what nobody can be asked."""
    fields = dict(arguments)
    timeout = fields.pop("timeout", None)
    try:
        seconds = LONGEST_SECONDS if timeout is None else duration_seconds(timeout)
        question = HumanArguments.model_validate(fields)
    except ExpressionError as problem:
        return _refused(f"timeout: {problem}")
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        return _refused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    if not 0 < seconds <= LONGEST_SECONDS:
        return _refused("timeout: more than nothing and at most 30 days are allowed")
    approvers = question.approvers if isinstance(question.approvers, Approvers) else Approvers()
    return Ask(
        prompt=question.prompt,
        form=question.form,
        outcomes=tuple(
            (outcome.name, outcome.label or _label(outcome.name)) for outcome in question.outcomes
        ),
        users=tuple(approvers.users),
        groups=tuple(approvers.groups),
        seconds=seconds,
        on_timeout=question.on_timeout,
        is_four_eyes=question.four_eyes,
    )


def _label(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()


def _refused(detail: str) -> Fail:
    error = WorkflowError.standard("validation", f"Nobody can be asked: {detail}.")
    return Fail(error, transient=False, rule="arguments of call: human", effect_possible=False)
