"""Rows that are read one after another, from a database that goes away meanwhile."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import OperationalError, connection

from executions.models.passing import Trouble, trouble
from executions.models.streaming import stream

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def test_every_row_comes() -> None:
    Group.objects.bulk_create([Group(name=f"g{number}") for number in range(5)])
    assert [group.name for group in stream(Group.objects.order_by("pk"))] == [f"g{number}" for number in range(5)]


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"].endswith("sqlite"), reason="PostgreSQL has sessions that end"
)
def test_a_session_that_ends_meanwhile_is_trouble_of_the_database_even_as_the_cursor_closes() -> None:
    Group.objects.bulk_create([Group(name=f"g{number}") for number in range(5)])
    rows = stream(Group.objects.all())
    next(rows)
    named = connection.settings_dict
    with connection.cursor() as cursor:
        ours = cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
    with psycopg.connect(host=named["HOST"], user=named["USER"], dbname=named["NAME"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [ours])
    with pytest.raises(OperationalError) as raised:
        rows.close()
    connection.close()
    assert trouble(raised.value) is Trouble.AWAY
