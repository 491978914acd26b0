from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from stigmer_site.databases import SQLITE_PRAGMAS


@pytest.mark.django_db
def test_the_database_answers() -> None:
    User.objects.create_user("someone")
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sqlite_runs_with_the_pragmas_that_were_asked_for() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite only")
    with connection.cursor() as cursor:
        live = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in SQLITE_PRAGMAS}
    assert live == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 10000,
        "foreign_keys": 1,
    }
    assert settings.DATABASES["default"]["ENGINE"] == "stigmer_site.sqlite"
