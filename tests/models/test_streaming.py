"""Rows that are read one after another, from a database that goes away meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.db.models import QuerySet

from executions.models.streaming import stream

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


class EndingSession:
    """Rows whose session ends as their cursor is closed: there Django lets the driver's own error
    out.
    """

    def iterator(self) -> Iterator[int]:
        yield 1
        error = connection.Database.OperationalError  # type: ignore[attr-defined]
        raise error("server closed the connection unexpectedly")


def test_every_row_comes() -> None:
    Group.objects.bulk_create([Group(name=f"g{number}") for number in range(5)])
    assert [group.name for group in stream(Group.objects.order_by("pk"))] == [
        f"g{number}" for number in range(5)
    ]


def test_what_the_driver_raises_is_an_error_of_the_database() -> None:
    rows = stream(cast("QuerySet[Any, int]", EndingSession()))
    assert next(rows) == 1
    with pytest.raises(OperationalError, match="unexpectedly"):
        next(rows)
