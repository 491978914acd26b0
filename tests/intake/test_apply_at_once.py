"""Applying the same name from many places at once, on both databases."""

from __future__ import annotations

import pytest

from executions.intake.apply import apply_definition
from executions.models import Workflow, WorkflowInstance, WorkflowVersion

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
TEXT = (
    "document: {dsl: '1.0.0', namespace: tests, name: one, version: '1.0.0'}\ndo: [{a: {set: {n:"
    " %d}}}]\n"
)


def test_the_same_text_twice_changes_nothing(alice):
    first, again = apply_definition(TEXT % 1, alice), apply_definition(TEXT % 1, alice)
    assert (first.result, again.result) == ("created", "unchanged")
    assert first.version == again.version
    assert WorkflowVersion.objects.count() == 1


def test_many_who_create_the_same_at_once_make_one_workflow_with_one_version(alice, at_once):
    found = at_once(8, lambda: apply_definition(TEXT % 1, alice).result)
    assert sorted(found) == ["created"] + ["unchanged"] * 7
    assert (
        Workflow.objects.count()
        == WorkflowVersion.objects.count()
        == WorkflowInstance.objects.count()
        == 1
    )


def test_two_texts_applied_at_once_get_two_numbers(alice, at_once):
    apply_definition(TEXT % 0, alice)
    texts = [TEXT % 1, TEXT % 2]
    found = at_once(2, lambda: apply_definition(texts.pop(), alice).version.number)
    assert sorted(found) == [2, 3]
    assert Workflow.objects.get().head_version == WorkflowVersion.objects.get(number=3)


def test_two_texts_that_create_it_at_once_get_two_numbers(alice, at_once):
    texts = [TEXT % 1, TEXT % 2]
    found = at_once(2, lambda: apply_definition(texts.pop(), alice).version.number)
    assert sorted(found) == [1, 2]
