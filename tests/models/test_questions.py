"""Several questions by one statement: the same answers as one query for each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from executions.models import Process, Turn
from executions.models.questions import Questions

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def questions() -> Questions:
    turns = Turn.objects.filter(until_at__gt=Now() - timedelta(seconds=30))
    return Questions(
        {
            "of this host": Process.objects.filter(host="it's here", dead_at=None),
            "turns": turns,
            "many": Process.objects.filter(kind__in=("worker", "web")),
        },
        turns.order_by("until_at").values_list("until_at", flat=True),
    )


def test_nothing_is_there_and_there_is_no_first_value() -> None:
    assert questions().ask() == ({"of this host": False, "turns": False, "many": False}, None)


def test_each_question_has_its_own_answer_and_the_first_value_is_as_the_orm_gives_it() -> None:
    asked = questions()
    Process.objects.create(kind="worker", host="it's here", pid=1)
    assert asked.ask() == ({"of this host": True, "turns": False, "many": True}, None)
    later, sooner = timezone.now() + timedelta(hours=2), timezone.now() + timedelta(hours=1)
    Turn.objects.create(name="a", until_at=later)
    Turn.objects.create(name="b", until_at=sooner)
    expected = Turn.objects.order_by("until_at").values_list("until_at", flat=True).first()
    answers, first = asked.ask()
    assert answers["turns"] and first == expected and first.tzinfo is not None


def test_what_has_changed_since_is_seen_by_the_kept_statement() -> None:
    asked = questions()
    row = Process.objects.create(kind="worker", host="it's here", pid=1)
    assert asked.ask()[0]["of this host"]
    row.delete()
    assert not asked.ask()[0]["of this host"]


def test_questions_alone_need_no_value() -> None:
    asked = Questions({"any": Process.objects.all()})
    assert asked.ask() == ({"any": False}, None)
