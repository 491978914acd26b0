"""The runner of request pipelines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import Group

from executions.errors import Refused
from executions.intake.pipeline import Pipeline, StageFailed, StageRefused, step_name


@dataclass(slots=True)
class Draft:
    seen: list[str] = field(default_factory=list)


def look(draft: Draft) -> None:
    draft.seen.append("look")


def store_group(draft: Draft) -> None:
    draft.seen.append("store")
    Group.objects.create(name="half written")


def check_duplicate(draft: Draft) -> None:
    raise Refused("conflict", "it exists", state="PENDING", remedy="Choose another.")


def break_down(draft: Draft) -> None:
    raise OSError("disk full")


def test_a_stage_is_shown_by_its_functions_name() -> None:
    assert step_name(check_duplicate) == "CheckDuplicate"
    assert Pipeline("p", look, check_duplicate, first_write=look).steps == [
        "Look",
        "CheckDuplicate",
    ]


@pytest.mark.django_db
def test_stages_run_in_order_on_one_draft() -> None:
    assert Pipeline("p", look, store_group, first_write=store_group).run(Draft()).seen == [
        "look",
        "store",
    ]


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_refusal_names_its_stage_keeps_its_code_and_stores_nothing() -> None:
    with pytest.raises(StageRefused) as caught:
        Pipeline("p", look, store_group, check_duplicate, first_write=store_group).run(Draft())
    refused = caught.value
    assert str(refused) == "pipeline step CheckDuplicate failed: it exists Choose another."
    assert (refused.code, refused.state, refused.remedy) == (
        "conflict",
        "PENDING",
        "Choose another.",
    )
    assert (refused.stage, refused.reason) == ("CheckDuplicate", "it exists")
    assert not Group.objects.exists()


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_breakdown_names_its_stage_keeps_its_cause_and_stores_nothing() -> None:
    with pytest.raises(StageFailed, match="pipeline step BreakDown failed: disk full") as caught:
        Pipeline("p", store_group, break_down, first_write=store_group).run(Draft())
    assert isinstance(caught.value.__cause__, OSError)
    assert not Group.objects.exists()


@pytest.mark.django_db
def test_stages_before_the_first_write_run_outside_the_transaction(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0), pytest.raises(StageRefused):
        Pipeline("p", look, check_duplicate, store_group, first_write=store_group).run(Draft())


@pytest.mark.django_db
def test_each_stage_is_logged_with_its_name_and_its_time(logged: list[Any]) -> None:
    Pipeline("p", look, store_group, first_write=store_group).run(Draft())
    done = [entry for entry in logged if entry["event"] == "pipeline step done"]
    assert [(entry["pipeline"], entry["step"], entry["log_level"]) for entry in done] == [
        ("p", "Look", "debug"),
        ("p", "StoreGroup", "debug"),
    ]
    assert all(entry["milliseconds"] >= 0 for entry in done)


@pytest.mark.django_db
def test_the_failing_stage_is_named_in_the_log(logged: list[Any]) -> None:
    with pytest.raises(StageFailed):
        Pipeline("p", look, break_down, first_write=break_down).run(Draft())
    (failed,) = [entry for entry in logged if entry["event"] == "pipeline step failed"]
    assert (failed["step"], failed["problem"], failed["log_level"]) == (
        "BreakDown",
        "disk full",
        "error",
    )
