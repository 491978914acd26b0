from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.models import SavedView

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


def test_a_name_stands_for_the_filter_that_was_saved_last(alice: User) -> None:
    SavedView.objects.keep(alice, " my   failures ", "phase=FAILED")
    SavedView.objects.keep(alice, "my failures", "phase=FAILED&owner=me")
    assert [(view.name, view.query) for view in SavedView.objects.of(alice)] == [
        ("my failures", "phase=FAILED&owner=me")
    ]


def test_each_person_has_their_own_names(alice: User) -> None:
    bob = User.objects.create_user("bob")
    SavedView.objects.keep(alice, "mine", "phase=FAILED")
    SavedView.objects.keep(bob, "mine", "phase=PENDING")
    assert [view.query for view in SavedView.objects.of(bob)] == ["phase=PENDING"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b", "a\u202eb"])
def test_what_is_no_name_is_refused(alice: User, name: str) -> None:
    with pytest.raises(Refused, match="needs a name"):
        SavedView.objects.keep(alice, name, "phase=FAILED")


def test_an_empty_filter_and_too_many_are_refused(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="Nothing is filtered"):
        SavedView.objects.keep(alice, "all", "")
    monkeypatch.setattr("executions.models.saved_view.MOST_OF_ONE_PERSON", 1)
    SavedView.objects.keep(alice, "one", "phase=FAILED")
    with pytest.raises(Refused, match="1 saved views already") as refused:
        SavedView.objects.keep(alice, "two", "phase=FAILED")
    assert refused.value.code == "conflict"
    SavedView.objects.keep(alice, "one", "phase=PENDING")
