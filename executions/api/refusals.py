"""Errors behind the door, as problems: one table for ``Refused``, one function for each other
error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import Error as DatabasesError
from django.http import Http404
from ninja.errors import AuthenticationError, HttpError, ValidationError

from executions.api.problems import FieldError, Problem
from executions.errors import NotStorable, Refused
from executions.intake.pipeline import StageRefused
from executions.language import DefinitionError
from executions.models.passing import trouble, unavailable
from executions.pointers import pointer_of

# Refused.code → name of the problem. Codes that are not here are bad input.
REFUSALS: Mapping[str, str] = {
    "wrong_phase": "wrong-phase",
    "not_skippable": "not-skippable",
    "stale": "stale",
    "forbidden": "forbidden",
    "unconfirmed": "forbidden",
    "not_found": "not-found",
    "invalid": "invalid",
    "invalid_argument": "invalid-argument",
    "conflict": "conflict",
    "proposed": "conflict",
    "unavailable": "unavailable",
    "corrupt": "recovery-failed",
    "internal": "internal",
}
_ID = re.compile(r"\b[a-z]{3}-[0-9a-hjkmnp-tv-z]{26}\b")


def problem_of(error: Exception) -> Problem | None:
    """The problem that an error stands for; None for an error that nobody expected."""
    match error:
        case Problem():
            return error
        case StageRefused(
            stage=("ValidateWorkflowOrInstance" | "ValidateSessionOrAgent"), code="invalid"
        ):
            return _refused(error, "invalid-argument")
        case Refused():
            return _refused(error, REFUSALS.get(error.code, "invalid"))
        case DefinitionError():
            return _definition(error)
        case ValidationError():
            return _validation(error)
        case NotStorable():
            return Problem("invalid", str(error))
        case AuthenticationError():
            return unauthenticated("The request carries neither a token nor a session.")
        case HttpError() if error.status_code == 400:
            return _malformed(error.__cause__)
        case Http404() | ObjectDoesNotExist():
            return not_found()
        case DatabasesError():
            database_trouble = trouble(error)
            return (
                _refused(unavailable(database_trouble), "unavailable") if database_trouble else None
            )
    return None


def not_found(detail: str = "", remedy: str = "") -> Problem:
    """The same answer for what does not exist and for what the caller may not see."""
    return Problem(
        "not-found", detail or "There is nothing with this address that you may see.", remedy=remedy
    )


def unauthenticated(detail: str) -> Problem:
    return Problem(
        "unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="stigmer"'}
    )


def _malformed(cause: BaseException | None) -> Problem:
    """ninja hides what its parser raised behind a 400."""
    return cause if isinstance(cause, Problem) else Problem("malformed", "The body is not JSON.")


def _refused(error: Refused, name: str) -> Problem:
    errors = [FieldError(each.message, pointer=f"#{each.pointer}") for each in error.findings]
    problem = Problem(name, error.message, remedy=error.remedy, state=error.state, errors=errors)
    if isinstance(error, StageRefused):
        problem.extra["pipeline_step"] = error.stage
    existing = _ID.search(error.message) if problem.name == "conflict" else None
    if existing:
        problem.extra["existing_id"] = existing.group()
    return problem


def _definition(error: DefinitionError) -> Problem:
    errors = [
        FieldError(
            each.message,
            pointer=f"#{each.pointer}",
            line=each.line,
            column=each.column,
            expected=each.expected or None,
            suggestion=each.suggestion or None,
        )
        for each in error.problems
    ]
    count = len(errors)
    return Problem(
        "invalid-definition",
        f"{count} problem{'s' * (count != 1)} found in the definition.",
        errors=errors,
    )


def _validation(error: ValidationError) -> Problem:
    errors = [_field_error(each) for each in error.errors]
    return Problem(
        "invalid", "; ".join(f"{_place(each)}: {each.detail}" for each in errors[:3]), errors=errors
    )


def _field_error(details: Mapping[str, Any]) -> FieldError:
    source, *path = details["loc"]
    detail = (
        "This field is not known." if details["type"] == "extra_forbidden" else str(details["msg"])
    )
    if source == "body":
        # The first part is the name of the view's argument, which is not in the body.
        return FieldError(detail, pointer="#" + pointer_of(path[1:]))
    return FieldError(detail, parameter=".".join(str(part) for part in path[-1:]))


def _place(error: FieldError) -> str:
    return error.parameter or error.pointer or "#"
