"""Questions that must not be asked while a transaction is open, since an answer may take long.

Foreign text is judged in other processes, for seconds; meanwhile a transaction would hold its locks
(on SQLite everybody's). So work that runs in a transaction and meets such a question breaks off:
the transaction is rolled back, the question is asked, and the work begins anew with the answer at
hand (``models.transactions.run_tx``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import NoReturn, TypeVar

from django.db import connection

T = TypeVar("T")
MOST_QUESTIONS = 100
_Answer = Callable[[], object]


class Unanswered(BaseException):
    """The work needs this answer first.

    No ``Exception``: what handles errors of the work must not handle this.
    """

    def __init__(self, key: Hashable, ask: Callable[[], object]) -> None:
        super().__init__("a question is to be asked outside of the transaction")
        self.key = key
        self.ask = ask


_answers: ContextVar[dict[Hashable, _Answer] | None] = ContextVar("answers", default=None)


def outside(key: Hashable, ask: Callable[[], T]) -> T:
    """The result of ``ask``, or its error; it is called outside of the transaction that is open.

    ``key`` tells it from other questions, by all that the answer depends on. If nobody could begin
    the work anew (in a transaction that was not begun by ``run_tx``) it is asked in place.
    """
    answers = _answers.get()
    if answers is not None and key in answers:
        return answers[key]()  # type: ignore[return-value]
    if answers is None or not connection.in_atomic_block:
        return ask()
    raise Unanswered(key, ask)


def answering(work: Callable[[], T]) -> T:
    """The result of ``work``; its questions are asked between its runs."""
    answers: dict[Hashable, _Answer] = {}
    reset = _answers.set(answers)
    try:
        while True:
            try:
                return work()
            except Unanswered as question:
                if len(answers) >= MOST_QUESTIONS:
                    raise RuntimeError(
                        "the work asks other questions each time that it begins"
                    ) from None
                answers[question.key] = _answered(question.ask)
    finally:
        _answers.reset(reset)


def _answered(ask: Callable[[], object]) -> _Answer:
    """The answer, or what was raised instead, to be given when the work comes to it again."""
    try:
        answer = ask()
    except Exception as problem:
        raised = problem

        def again() -> NoReturn:
            raise raised

        return again
    return lambda: answer
