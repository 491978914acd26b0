from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client

from dashboard.queries.executions import PAGE
from executions.models import Execution, Workflow

As = Callable[[User], Client]
Begin = Callable[..., Execution]
Drive = Callable[[Execution], Execution]


def shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_a_newcomer_is_told_how_to_make_the_first_run(alice: User, as_: As) -> None:
    assert "No trail has been walked yet" in shown(as_(alice), "/executions/")


def test_filters_that_match_nothing_can_be_cleared(begin: Begin, alice: User, as_: As) -> None:
    begin()
    text = shown(as_(alice), "/executions/?q=nothing-like-it")
    assert "None match" in text and "Clear filters" in text


def test_filters_narrow_the_list(begin: Begin, drive: Drive, alice: User, as_: As) -> None:
    works, fails = drive(begin()), drive(begin(fails="no funds"))
    client = as_(alice)
    for query, expected in {
        "phase=FAILED": {fails},
        "phase=attention": {fails},
        "phase=COMPLETED": {works},
        "workflow=works-alice": {works},
        "owner=me": {works, fails},
        "owner=bob": set(),
        "q=no+funds": {fails},
        f"q={works.public_id}": {works},
        "phase=NONSENSE": {works, fails},
        "q=%00": {works, fails},
        "workflow=%00&owner=%00": {works, fails},
    }.items():
        text = shown(client, f"/executions/?{query}")
        assert {each for each in (works, fails) if each.public_id in text} == expected, query


def test_pages_follow_each_other_without_gap_or_double(begin: Begin, alice: User, as_: As) -> None:
    first = begin()
    made = [first] + [_copy(first) for _ in range(PAGE + 4)]
    client = as_(alice)
    newest = client.get("/executions/")
    oldest = client.get(newest.context["next_address"])
    rows = [row.pk for page in (newest, oldest) for row in page.context["page"].rows]
    assert rows == sorted((each.pk for each in made), reverse=True)
    assert oldest.context["next_address"] == ""


def test_new_rows_are_counted_for_the_pill(begin: Begin, alice: User, as_: As) -> None:
    begin()
    client = as_(alice)
    address = client.get("/executions/").context["count_address"]
    assert client.get(address).json()["count"] == 0
    begin()
    assert client.get(address).json()["count"] == 1


def test_the_overview_of_a_newcomer_points_to_the_first_step(
    alice: User, workflow: Workflow, as_: As
) -> None:
    text = shown(as_(alice), "/")
    assert "Ready for the first run" in text and "No worker is alive" in text


def _copy(execution: Execution) -> Execution:
    from executions.ids import uuid7

    values = {
        field.attname: getattr(execution, field.attname)
        for field in Execution._meta.concrete_fields
        if field.attname not in ("id", "slug")
    }
    new = uuid7()
    return Execution.objects.create(id=new, slug=f"copy-{new.hex}", **values)
