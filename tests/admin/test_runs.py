"""The list and the page of executions: found by what people copy, readable, and bounded in
queries.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from executions.intake.start import start
from executions.models import Event, Execution, Step, Workflow
from tests.admin.conftest import FAILING, Make
from tests.admin.test_access import list_of, page_of

AsUser = Callable[[User], Client]
EXECUTIONS = "/admin/executions/execution/"
DONE = "do:\n- one: {set: {n: 1}}\n"
pytestmark = pytest.mark.database


def found(client: Client, **query: str) -> list[str]:
    response = client.get(EXECUTIONS, query)
    assert response.status_code == 200
    return [execution.public_id for execution in response.context["cl"].result_list]


@pytest.mark.parametrize("what", ["public_id", "slug", "correlation_id", "name"])
def test_an_execution_is_found_by_what_people_copy(
    admin: User, as_user: AsUser, make: Make, what: str
) -> None:
    wanted = make(correlation_id="order-77", name="wanted")
    make(DONE, name="other")
    assert found(as_user(admin), q=getattr(wanted, what)) == [wanted.public_id]


def test_all_executions_of_a_workflow_are_found_by_its_id(
    admin: User, as_user: AsUser, make: Make
) -> None:
    wanted = make()
    make(DONE, name="other")
    assert wanted.workflow is not None
    assert found(as_user(admin), q=wanted.workflow.public_id) == [wanted.public_id]


def test_the_list_is_filtered_by_phase_and_by_what_needs_a_person(
    admin: User, as_user: AsUser, make: Make
) -> None:
    failed, done = make(), make(DONE, name="other")
    flagged = make(DONE, name="third")
    Execution.objects.filter(pk=flagged.pk).update(requires_manual_intervention=True)
    client = as_user(admin)
    assert found(client, phase__exact="FAILED") == [failed.public_id]
    assert found(client, attention="needed") == [flagged.public_id, failed.public_id]
    assert found(client, attention="flagged") == [flagged.public_id]
    assert found(client, q="status:failed owner:me") == []
    assert found(client, q="status:failed other") == []
    assert found(client, q="status:attention") == [flagged.public_id, failed.public_id]
    assert len(found(client)) == 3 and done.public_id in found(client)


def test_values_are_readable_and_cannot_become_markup(
    admin: User, as_user: AsUser, make: Make
) -> None:
    step = Step.objects.get(execution=make(), name="first")
    page = as_user(admin).get(page_of(step)).content.decode()
    assert "<script>alert(1)</script>" not in page
    assert "&quot;note&quot;: &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in page


def test_steps_attempts_and_events_are_linked(admin: User, as_user: AsUser, make: Make) -> None:
    execution = make()
    client = as_user(admin)
    page = client.get(page_of(execution)).content.decode()
    step, event = Step.objects.get(name="bad"), Event.objects.filter(execution=execution).first()
    assert page_of(step) in page and page_of(event) in page
    for link in (
        f"{list_of(Step)}?execution__id__exact={execution.pk}",
        f"/admin/executions/attempt/?step__execution__id__exact={execution.pk}",
        f"{list_of(Event)}?execution__id__exact={execution.pk}",
    ):
        assert link in page
        assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    "name", ["execution", "step", "event", "workflowversion", "workflow", "notification"]
)
def test_a_hundred_rows_take_as_many_queries_as_one(
    admin: User, as_user: AsUser, make: Make, name: str
) -> None:
    first = make(FAILING)
    client = as_user(admin)

    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            response = client.get(f"/admin/executions/{name}/", {"all": ""})
        assert response.status_code == 200
        return [query["sql"] for query in seen.captured_queries]

    queries()
    before = queries()
    assert first.workflow is not None
    workflow = Workflow.objects.get(pk=first.workflow.pk)
    for number in range(100 if name == "execution" else 20):
        if name == "execution":
            start(workflow, first.owner, input={})
        else:
            make(FAILING, name=f"w{number}")
    after = queries()
    assert len(after) == len(before) <= 10, "\n".join(after)
    assert not any('"source"' in sql or '"output"' in sql for sql in after)
