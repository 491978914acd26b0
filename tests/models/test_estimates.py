"""Counts of large tables: exact while they are small, from a sample where they are large."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from executions.models import estimates
from executions.vendor import vendor

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def rows(number: int, name: str) -> None:
    Group.objects.bulk_create(Group(name=f"{name}-{n}", pk=None) for n in range(number))


def test_a_small_table_is_counted_exactly() -> None:
    Group.objects.create(name="one")
    assert estimates.counts_by(Group.objects.filter(name="one"), "name") == {"one": 1}


def test_a_large_table_is_estimated_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rows(4_000, "many")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE auth_group")
    monkeypatch.setattr(estimates, "EXACT_ROWS", 100)
    monkeypatch.setattr(estimates, "_SAMPLED_ROWS", 1_000)
    counted = sum(
        estimates.counts_by(Group.objects.filter(name__startswith="many"), "name").values()
    )
    if vendor() != "postgresql":
        assert counted == 4_000
    else:
        # A quarter of the pages, whatever those are.
        assert 400 <= counted <= 16_000
