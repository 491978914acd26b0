"""Counters in the database: exact, whoever counts, and nothing that was rolled back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from executions.models import Tally

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def test_whoever_counts_at_once_is_counted_exactly():
    def count(label: str) -> None:
        for _ in range(20):
            with transaction.atomic():
                Tally.objects.add_one("starts", label)
        connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count, ["workflow", "agent"] * 4))
    assert Tally.objects.totals("starts") == {"workflow": 80, "agent": 80}
    assert Tally.objects.totals("others") == {}


def test_what_is_rolled_back_was_not_counted():
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Tally.objects.add_one("starts", "workflow")
            1 // 0  # noqa: B018
        with transaction.atomic():
            Tally.objects.add_one("starts", "workflow")
    assert Tally.objects.totals("starts") == {"workflow": 2}
