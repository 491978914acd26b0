"""Whoever reads an active execution finds who or what moves it on: the database holds that."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from executions.models import Execution
from executions.states import UNDER_WAY

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.mark.parametrize("phase", sorted(UNDER_WAY))
def test_a_phase_that_nobody_holds_is_refused_by_the_database(begin, phase):
    execution = begin("do: [{a: {set: {n: 1}}}]")
    free = {"phase": phase, "wake_at": None, "waiting_for": "", "process": None}
    with pytest.raises(IntegrityError, match=phase.row.constraint), transaction.atomic():
        Execution.objects.filter(pk=execution.pk).update(**free)
