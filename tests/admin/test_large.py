"""Lists of the admin over rows without number: nothing reads all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from executions.admin import large
from executions.models import Execution
from tests.admin.conftest import Make

AsUser = Callable[[User], Client]
pytestmark = pytest.mark.database
LISTS = ("execution", "step", "attempt", "event", "ask", "notification")


@pytest.mark.parametrize("name", LISTS)
def test_no_list_counts_all_rows_or_reads_the_values_of_a_filter_from_them(
    admin: User, as_user: AsUser, make: Make, name: str
) -> None:
    make()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert as_user(admin).get(f"/admin/executions/{name}/").status_code == 200
    statements = [each["sql"] for each in queries.captured_queries]
    assert not [sql for sql in statements if "DISTINCT" in sql]
    assert not [sql for sql in statements if "COUNT(" in sql and "LIMIT" not in sql]


def test_the_last_page_of_a_long_list_is_where_counting_ends(
    admin: User, as_user: AsUser, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make(name=f"run-{number}")
    monkeypatch.setattr(large, "MOST_COUNTED", 2)
    page = as_user(admin).get("/admin/executions/execution/").context["cl"]
    assert (page.result_count, Execution.objects.count()) == (2, 3)


def test_steps_are_found_by_the_correlation_id_of_their_run_and_by_path_within_one_run(
    admin: User, as_user: AsUser, make: Make
) -> None:
    run, other = make(correlation_id="order-77"), make(name="other")
    client = as_user(admin)

    def found(**query: str) -> set[tuple[str, str]]:
        rows = client.get("/admin/executions/step/", query).context["cl"].result_list
        return {(str(row.execution_id), row.path) for row in rows}

    mine = {(str(run.pk), step.path) for step in run.steps.all()}
    assert found(q="order-77") == mine
    assert found(q="order") == set()
    assert found(q="/first", execution__id__exact=str(run.pk)) == {(str(run.pk), "/first")}
    assert len(found()) == len(mine) + other.steps.count()


def test_a_filter_looks_through_the_newest_rows_and_in_one_run_through_all(
    admin: User, as_user: AsUser, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make(), make(name="newer")
    monkeypatch.setattr(large, "MOST_LOOKED_THROUGH", new.steps.count())
    client = as_user(admin)

    def found(**query: str) -> set[str]:
        rows = client.get("/admin/executions/step/", query).context["cl"].result_list
        return {str(row.execution_id) for row in rows}

    assert found() == {str(old.pk), str(new.pk)}
    assert found(kind="set") == {str(new.pk)}
    assert found(kind="set", execution__id__exact=str(old.pk)) == {str(old.pk)}
