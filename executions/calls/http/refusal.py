"""The exception that stops a call before anything is sent, or makes an answer unusable: it carries
its outcome.
"""

from __future__ import annotations

from executions.calls.outcome import Fail
from executions.errors import StigmerError, WorkflowError


class Refusal(StigmerError):
    """The call ends here with ``failure``."""

    def __init__(self, failure: Fail) -> None:
        super().__init__(failure.error.detail)
        self.failure = failure


def not_sendable(
    detail: str, *, kind: str = "validation", rule: str = "request not valid"
) -> Refusal:
    """A request that cannot be sent as it is written; ``kind`` is the short name of a DSL error."""
    return Refusal(
        Fail(
            WorkflowError.standard(kind, detail), transient=False, rule=rule, effect_possible=False
        )
    )


def egress_refused(
    target: str, reason: str, setting: str = "STIGMER_HTTP_ALLOWED_HOSTS", entry: str = ""
) -> Refusal:
    """An address that the egress policy does not allow; the message names the setting that
    would.
    """
    advice = f"; an operator can allow it by listing {entry or target!r} in the setting {setting}"
    error = WorkflowError.standard("authorization", f"{target} may not be called: {reason}{advice}")
    return Refusal(Fail(error, transient=False, rule="egress refused", effect_possible=False))


class BodyUnusable(Refusal):
    """The answer came and its body cannot be taken; the detail goes on from "… answered 200 OK,
    but".
    """


def body_unusable(
    detail: str, rule: str = "answer not usable", *, transient: bool = False
) -> BodyUnusable:
    """A body that cannot be read. Its status was one of success, so whatever the call did is
    done.
    """
    return BodyUnusable(
        Fail(WorkflowError.standard("communication", detail), transient=transient, rule=rule)
    )


def unusable(detail: str, rule: str, *, transient: bool = False) -> Refusal:
    """An answer that arrived but cannot be taken; whatever the call did is done."""
    return Refusal(
        Fail(WorkflowError.standard("communication", detail), transient=transient, rule=rule)
    )
