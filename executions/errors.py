"""The tree of errors that this project raises; each class owns its message.

    StigmerError
    ├── Refused                 a person or caller asked for what may not be done now
    ├── Fenced                  a driver found that its lease is no longer its own
    ├── DefinitionError         a workflow file is not acceptable (definition.problems)
    ├── ExpressionError         a jq expression did not yield a value
    └── NotStorable             a value cannot be written to the journal

The error *values* that a workflow sees (``catch``, ``raise``) are the DSL's and are
described by :class:`WorkflowError` (Serverless Workflow DSL 1.0, section Error).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from executions.said import Said


class StigmerError(Exception):
    """Something went wrong in Stigmer."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class Fenced(StigmerError):
    """This driver no longer holds the execution: its lease token is stale, so nothing was
    written.
    """


class ExpressionError(StigmerError):
    """The expression did not yield a value."""


class NotStorable(StigmerError):
    """The value cannot be stored as JSON."""


ERROR_TYPES = "https://serverlessworkflow.io/spec/1.0.0/errors/"


@dataclass(frozen=True, slots=True)
class WorkflowError:
    """An error as the DSL describes it: type URI, status, title, detail and instance pointer."""

    type: str
    status: int
    title: str = ""
    detail: str = ""
    instance: str = ""

    def as_json(self) -> dict[str, Any]:
        """The error as a JSON object; empty optional fields are left out."""
        return {
            key: value
            for key, value in asdict(self).items()
            if value != "" or key in ("type", "status")
        }

    @classmethod
    def standard(
        cls, name: str, detail: str, *, status: int | None = None, instance: str = ""
    ) -> WorkflowError:
        """One of the DSL's standard errors by its short name, for example ``timeout``."""
        title, default_status = STANDARD_ERRORS[name]
        return cls(ERROR_TYPES + name, status or default_status, title, detail, instance)


STANDARD_ERRORS: dict[str, tuple[str, int]] = {
    "configuration": ("Configuration error", 400),
    "validation": ("Validation error", 400),
    "expression": ("Expression error", 400),
    "authentication": ("Authentication error", 401),
    "authorization": ("Authorization error", 403),
    "timeout": ("Timeout", 408),
    "communication": ("Communication error", 500),
    "runtime": ("Runtime error", 500),
}


_STANDARD_TYPE = re.compile(
    r"https?://(?:serverlessworkflow\.io(?:\.io)?|open-workflow-specification\.org)"
    r"/(?:spec/[0-9.]+/errors|dsl/errors/types|errors/types|errors)/(?P<name>[a-z]+)/?"
)


def same_error_type(one: str, other: str) -> bool:
    """Whether two type URIs name the same error.

    The specification moved to another host, and its conformance kit writes a third form: a standard
    error is the same in each of them. Any other type is compared as it is written.
    """
    return one == other or (
        _standard_name(one) is not None and _standard_name(one) == _standard_name(other)
    )


def _standard_name(uri: str) -> str | None:
    match = _STANDARD_TYPE.fullmatch(uri)
    return match["name"] if match is not None and match["name"] in STANDARD_ERRORS else None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in a value: what, and where (a JSON pointer; empty for the whole)."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.message}"


class Refused(StigmerError):
    """This cannot be done now.

    ``text`` is all of it in one line. ``message`` says what was wrong, ``state`` what the thing is
    now, ``remedy`` what can be done instead. ``findings`` point into what was asked for, by the
    names that it has in the body of the API's request. ``code`` is stable: ``wrong_phase``,
    ``stale``, ``forbidden``, ``not_skippable``, ``invalid``, ``unavailable``, ``conflict``,
    ``corrupt``, ``not_found``, ``unconfirmed`` (a log-in just before is needed).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        state: str = "",
        remedy: str = "",
        findings: Sequence[Finding] = (),
    ) -> None:
        listed = "; ".join(
            str(each).rstrip(".") for each in findings if each.message not in message
        )
        self.text = Said.together(message, listed and f"{listed}.", remedy)
        super().__init__(self.text)
        self.code = code
        self.message = message
        self.state = state
        self.findings = findings
        self.remedy = remedy
