"""Which versions are driven alone, and for how long."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.intake.apply import apply_definition
from executions.models import Quarantine, WorkflowVersion

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def version() -> WorkflowVersion:
    text = (
        "document: {dsl: '1.0.0', namespace: tests, name: one, version: '1.0.0'}\ndo: [{a: {set:"
        " {n: 1}}}]\n"
    )
    apply_definition(text, User.objects.create_user("alice"))
    return WorkflowVersion.objects.get()


def test_it_stands_until_its_time_is_over(version):
    assert not Quarantine.objects.standing().exists()
    assert Quarantine.begin(version.pk, 60, "it ended its process")
    assert Quarantine.objects.standing().get().version_id == version.pk
    Quarantine.begin(version.pk, -1, "long ago")
    assert not Quarantine.objects.standing().exists()


def test_a_further_crash_prolongs_it_and_is_no_news(version):
    Quarantine.begin(version.pk, 60, "first")
    assert not Quarantine.begin(version.pk, 600, "second")
    assert Quarantine.objects.get().evidence == "second"


def test_one_that_is_over_begins_anew(version):
    Quarantine.begin(version.pk, -1, "first")
    assert Quarantine.begin(version.pk, 60, "second")
