"""Reminders of what people were asked and have not answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from executions import clock
from executions.models import Ask, Notification
from executions.recovery.reminders import remind
from executions.verbs.asks import Answer, respond

pytestmark = [pytest.mark.django_db, pytest.mark.database]
TEXT = "do:\n- ask: {call: human, with: {prompt: Well?, approvers: {users: [bob]}, timeout: %s}}\n"


@pytest.mark.parametrize(
    ("timeout", "after"),
    [("{hours: 1}", timedelta(minutes=30)), ("{days: 30}", timedelta(days=1))],
)
def test_a_reminder_is_due_when_half_of_the_time_is_over_and_after_a_day_at_the_latest(
    begin: Any, drive: Any, bob: User, timeout: str, after: timedelta
) -> None:
    drive(begin(TEXT % timeout, {}))
    ask = Ask.objects.get()
    assert ask.remind_at is not None
    assert abs(ask.remind_at - ask.created_at - after) < timedelta(seconds=30)
    assert remind() == 0


def test_who_read_the_question_and_did_not_answer_finds_it_unread_once_more(
    begin: Any, drive: Any, bob: User
) -> None:
    drive(begin(TEXT % "{hours: 1}", {}))
    Notification.objects.update(read_at=clock.now())
    Ask.objects.update(remind_at=clock.now())
    assert (remind(), remind()) == (1, 0)
    told = Notification.objects.get(user=bob)
    assert (told.read_at, told.is_reminder) == (None, True)


def test_nobody_is_reminded_of_what_was_answered(begin: Any, drive: Any, bob: User) -> None:
    drive(begin(TEXT % "{hours: 1}", {}))
    respond(Ask.objects.get(), bob, Answer("approve"))
    Ask.objects.update(remind_at=clock.now())
    assert remind() == 0
