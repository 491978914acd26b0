"""The other examples, run as they are shipped."""

from __future__ import annotations

import httpx
import pytest
from django.contrib.auth.models import User

from executions.models import Step
from executions.states import Phase, StepStatus
from executions.verbs.deciding import decisions
from tests.examples.conftest import Drive, Run, break_it

pytestmark = pytest.mark.database


def test_links_are_fine_moved_or_broken(shop: httpx.Client, run: Run) -> None:
    report = run("link-check").output
    assert report["summary"] == "2 fine, 1 moved, 2 broken"
    assert [url.rsplit("/", 1)[1] for url in report["fine"]] == ["health", "fine"]
    assert [(link["url"].rsplit("/", 1)[1], link["status"]) for link in report["broken"]] == [
        ("gone", 410),
        ("missing", 404),
    ]


def test_an_address_where_nobody_listens_is_a_finding(
    shop: httpx.Client, run: Run, settings: object
) -> None:
    settings.STIGMER_HTTP_ALLOWED_HOSTS = ["127.0.0.1"]  # type: ignore[attr-defined]
    report = run("link-check", {"urls": ["http://127.0.0.1:9/"]}).output
    assert report["summary"] == "0 fine, 0 moved, 1 broken"


def test_a_service_that_comes_back_is_asked_again(shop: httpx.Client, run: Run) -> None:
    break_it(shop, "health", "unavailable", times=2)
    assert run("retry-and-catch").output == {"status": "ok", "source": "the service"}
    assert Step.objects.filter(name="getHealth", status=StepStatus.FAILED).count() == 2


def test_a_service_that_stays_away_is_answered_by_the_fallback(
    shop: httpx.Client, run: Run
) -> None:
    break_it(shop, "health", "unavailable", times=None)
    execution = run("retry-and-catch")
    assert (execution.phase, execution.output["source"]) == (Phase.COMPLETED, "a fallback")
    assert Step.objects.filter(name="getHealth", status=StepStatus.FAILED).count() == 4


def test_our_own_mistake_is_neither_retried_nor_caught(shop: httpx.Client, run: Run) -> None:
    break_it(shop, "health", "reject")
    assert run("retry-and-catch").phase == Phase.FAILED
    assert Step.objects.filter(name="getHealth").count() == 1


def test_slow_work_is_left_behind_at_its_time_limit(run: Run) -> None:
    execution = run("wait-and-timeout", {"seconds": 0})
    assert execution.output == {"result": "not in time", "limit": "1 second", "error": "Timeout"}


@pytest.mark.parametrize(
    ("request_", "queue", "note"),
    [
        ({"subject": "The kettle LEAKS", "waitingHours": 1}, "phone", False),
        ({"subject": "I want a refund", "waitingHours": 30}, "billing", True),
        ({"subject": "Hello"}, "mail", False),
        ({"subject": "Hello", "waitingHours": 49}, "phone", True),
    ],
)
def test_a_request_goes_to_its_queue(
    run: Run, request_: dict[str, object], queue: str, note: bool
) -> None:
    output = run("triage", request_).output
    assert (output["queue"], "note" in output) == (queue, note)


def test_the_stock_report_asks_for_all_articles_at_once_and_joins_what_they_said(
    shop: httpx.Client, run: Run
) -> None:
    report = run("stock-report")
    assert report.output["articles"] == 4
    assert report.output["soldOut"] == ["whisk"]
    assert report.output["healthy"] is True


def test_an_article_that_fails_is_asked_for_again_and_the_others_are_not(
    run: Run, drive: Drive, shop: httpx.Client, ann: User
) -> None:
    break_it(shop, "stock", "reject", times=1)
    failed = run("stock-report")
    assert failed.phase == Phase.FAILED
    standing = Step.objects.standing().filter(execution=failed, kind="call")
    assert sorted(standing.values_list("status", flat=True)).count("FAILED") == 1
    kept = set(standing.filter(status="SUCCEEDED").values_list("pk", flat=True))
    decisions.retry(failed.pk, ann)
    ended = drive(failed)
    assert ended.output["articles"] == 4
    assert kept <= set(standing.values_list("pk", flat=True))
