"""A question that takes long is never asked while a transaction is open."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection

from executions.models.outside import outside
from executions.models.transactions import atomic, persistent, run_tx

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


class Question:
    """Counts how often it was asked, and whether a transaction was open then."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[bool] = []

    def __call__(self) -> object:
        self.asked.append(connection.in_atomic_block)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_it_is_asked_once_outside_and_the_work_begins_anew() -> None:
    question = Question(5)
    begun: list[User] = []

    def work() -> object:
        with atomic():
            begun.append(User.objects.create_user(f"user-{len(begun)}"))
            return outside("q", question)

    assert run_tx(work) == 5
    assert question.asked == [False]
    assert [user.username for user in User.objects.all()] == ["user-1"]


def test_what_it_raises_is_raised_where_it_was_asked() -> None:
    question = Question(ValueError("no"))

    @persistent
    def work() -> str:
        with atomic():
            User.objects.create_user("kept")
            try:
                outside("q", question)
            except ValueError as problem:
                return str(problem)
        return "not raised"

    assert work() == "no"
    assert question.asked == [False]
    assert User.objects.filter(username="kept").count() == 1


def test_another_question_is_asked_too() -> None:
    first, second = Question(1), Question(2)

    def work() -> tuple[object, object]:
        with atomic():
            return outside("first", first), outside("second", second)

    assert run_tx(work) == (1, 2)
    assert (first.asked, second.asked) == ([False], [False])


def test_handlers_of_errors_do_not_take_it_for_one() -> None:
    question = Question(1)

    def work() -> object:
        with atomic():
            try:
                return outside("q", question)
            except Exception:
                return "handled"

    assert run_tx(work) == 1


def test_without_a_transaction_it_is_just_asked() -> None:
    assert outside("q", Question(7)) == 7
    assert run_tx(lambda: outside("q", Question(8))) == 8
