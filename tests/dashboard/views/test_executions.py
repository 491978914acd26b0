from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.columns import BY_NAME, COLUMNS
from dashboard.live.fragments import row_part
from dashboard.queries import executions as queries
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


def test_the_first_run_is_announced_on_a_page_that_shows_none_yet(
    begin: Begin, alice: User, as_: As
) -> None:
    client = as_(alice)
    page = shown(client, "/executions/")
    region = re.search(r'id="executions-region"[^>]*', page)
    assert region and 'data-topic="executions"' in region[0] and "data-new-pill" in page
    address = re.search(r'data-count-url="([^"]*)"', region[0])
    assert address
    assert client.get(html.unescape(address[1])).json()["count"] == 0
    begin()
    assert client.get(html.unescape(address[1])).json()["count"] == 1


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
        f"q={works.public_id[:29]}": {works},
        f"q={works.public_id[-7:]}": {works},
        "since=2020-01-01": {works, fails},
        "until=2020-01-01": set(),
        "sort=oldest": {works, fails},
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


def test_a_search_by_words_looks_at_so_many_and_goes_on_when_asked(
    begin: Begin, alice: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SEARCHED", 2)
    old = begin()
    Execution.objects.filter(pk=old.pk).update(name="parcel one", correlation_id="order-9")
    for _ in range(3):
        begin()
    client = as_(alice)
    response = client.get("/executions/?q=parcel")
    text = response.content.decode()
    assert "None match so far" in text and "Search older" in text
    assert old.public_id not in text
    older = client.get(response.context["next_address"])
    assert [row.pk for row in older.context["page"].rows] == [old.pk]
    # Whole ids are found at once, however old.
    for whole in (old.public_id, "order-9"):
        found = client.get("/executions/", {"q": whole}).context["page"]
        assert [row.pk for row in found.rows] == [old.pk]


def test_the_oldest_come_first_where_that_is_asked_for(begin: Begin, alice: User, as_: As) -> None:
    first = begin()
    made = [first] + [_copy(first) for _ in range(PAGE + 4)]
    client = as_(alice)
    page = client.get("/executions/?sort=oldest")
    rest = client.get(page.context["next_address"])
    rows = [row.pk for each in (page, rest) for row in each.context["page"].rows]
    assert rows == sorted(each.pk for each in made)


def test_what_matches_is_drawn_by_the_hour(
    begin: Begin, drive: Drive, alice: User, as_: As
) -> None:
    drive(begin()), drive(begin(fails="no"))
    text = shown(as_(alice), "/executions/")
    assert "Began in the last 24 hours" in text and 'class="day-bars"' in text
    assert 'class="day-bars"' not in shown(as_(alice), "/executions/?phase=CANCELLED")


@pytest.mark.database
def test_every_column_that_sorts_does_so_both_ways(
    begin: Begin, drive: Drive, alice: User, as_: As
) -> None:
    made = {drive(begin()).pk, drive(begin(fails="no")).pk, begin().pk}
    client = as_(alice)
    everything = [each.name for each in COLUMNS]
    client.post("/executions/columns", {"column": everything})
    heads = client.get("/executions/").context["heads"]
    assert {each["column"].name for each in heads if each["address"]} >= {"started", "lasted"}
    for head in heads:
        if not head["address"]:
            continue
        once = client.get(head["address"])
        again = next(each for each in once.context["heads"] if each["column"] is head["column"])
        ways = [again["sorted"]]
        twice = client.get(again["address"])
        ways += [each["sorted"] for each in twice.context["heads"] if each["sorted"]]
        assert sorted(ways) == ["ascending", "descending"], head["column"].name
        for page in (once, twice):
            assert {row.pk for row in page.context["page"].rows} == made, head["column"].name
        assert 'aria-sort="' in once.content.decode()


def test_a_sorted_list_goes_on_page_by_page_and_then_with_older_runs(
    begin: Begin, alice: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SEARCHED", 4)
    monkeypatch.setattr(queries, "PAGE", 3)
    made = [begin() for _ in range(6)]
    for number, each in enumerate(made):
        Execution.objects.filter(pk=each.pk).update(retry_count=number % 4)
    client = as_(alice)
    pages = [client.get("/executions/?sort=-retries")]
    while address := pages[-1].context["next_address"]:
        pages.append(client.get(address))
    counts = [[row.retry_count for row in each.context["page"].rows] for each in pages]
    # The four newest in order, then the two that are older than those.
    assert counts == [[3, 2, 1], [0], [1, 0]]
    said = [" ".join(each.content.decode().split()) for each in pages]
    assert "newest, back to" in said[0] and "newest, back to" in said[1]
    assert "Sort older" in said[1] and "Sort older" not in said[0]


@pytest.mark.database
def test_a_person_chooses_columns_and_takes_the_usual_ones_back(
    begin: Begin, alice: User, bob: User, as_: As
) -> None:
    begin()
    client = as_(alice)

    def titles(of: Client) -> list[str]:
        return [each["column"].name for each in of.get("/executions/").context["heads"]]

    usual = titles(client)
    answer = client.post(
        "/executions/columns", {"column": ["owner", "id"], "back": "sort=-started&q=works"}
    )
    assert answer.headers["Location"] == "/executions/?sort=-started&q=works"
    assert titles(client) == ["status", "what", "id", "owner"]
    assert titles(as_(bob)) == usual
    client.post("/executions/columns", {"column": ["id"], "usual": "yes"})
    assert titles(client) == usual


def test_a_column_that_does_not_exist_is_refused(begin: Begin, alice: User, as_: As) -> None:
    begin()
    client = as_(alice)
    answer = client.post("/executions/columns", {"column": ["owner", "<b>salary"]})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert "There is no column" in text and "<b>salary" not in text
    assert "owner" not in [each["column"].name for each in answer.context["heads"]]


@pytest.mark.parametrize("name", BY_NAME)
def test_each_column_can_be_chosen_and_is_in_a_row_that_is_pushed(
    begin: Begin, alice: User, as_: As, name: str
) -> None:
    """Such a row is for everybody: the list names the columns that its reader sees of it."""
    execution, client = begin(), as_(alice)
    client.post("/executions/columns", {"column": [name]})
    answer = client.get("/executions/")
    shown = [each["column"].name for each in answer.context["heads"]]
    page = answer.content.decode()
    assert name in shown and f'data-columns="{" ".join(shown)}"' in page
    assert f'class="col col-{name}' in page
    assert f'class="col col-{name}' in row_part(queries.visible(alice).get(pk=execution.pk)).html
