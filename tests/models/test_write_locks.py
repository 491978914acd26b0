"""Who keeps all writes out, and how long a try of ours waits for it."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction

from executions.models import Process
from executions.models.lock_wait import lock_wait, statement_time, usual_lock_seconds
from executions.models.passing import Trouble, trouble
from executions.models.reaching import why_not_written
from executions.models.write_locks import who_keeps_writes_out
from tests.troubles import locked

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
TABLE = "LOCK TABLE executions_step IN SHARE MODE"


def test_where_writes_go_through_there_is_nobody():
    assert who_keeps_writes_out() is None
    assert why_not_written() == ""


def test_who_has_locked_a_table_or_the_file_is_named_with_what_to_do():
    with locked(TABLE):
        holder = who_keeps_writes_out(0.05)
        assert "another session" in why_not_written()
    assert holder is not None
    assert "goes on by itself" in holder.remedy()
    if connection.vendor == "postgresql":
        assert holder.table == "executions_step"
        assert f"pg_terminate_backend({holder.pid})" in holder.remedy()
    assert who_keeps_writes_out() is None


def test_a_try_waits_as_long_as_it_is_told_and_later_ones_as_usual():
    process = Process.objects.create(kind="worker", host="here", pid=1)
    with locked("LOCK TABLE executions_process IN ACCESS EXCLUSIVE MODE"):
        with lock_wait(0.1):
            with pytest.raises(OperationalError) as raised:
                _write(process)
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    assert cursor.execute("SHOW lock_timeout").fetchone() == ("100ms",)
            else:
                assert usual_lock_seconds() == 0.1
        assert trouble(raised.value) is Trouble.BUSY
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            assert cursor.execute("SHOW lock_timeout").fetchone() == ("2s",)
            with statement_time(60):
                assert cursor.execute("SHOW statement_timeout").fetchone() == ("1min",)
            assert cursor.execute("SHOW statement_timeout").fetchone() == ("10s",)


def _write(process: Process) -> None:
    with transaction.atomic():
        process.beat()
