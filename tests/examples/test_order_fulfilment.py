"""The order: it comes home whatever the shop does, and nothing is done twice."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User

from executions.errors import Refused
from executions.models import Attempt
from executions.states import Phase
from executions.verbs.deciding import decisions
from tests.examples.conftest import Drive, Run, break_it

ORDER = {"sku": "tea", "quantity": 2, "address": "1 Harbour Street"}
pytestmark = pytest.mark.database


def effects(shop: httpx.Client) -> list[str]:
    return [entry["effect"] for entry in shop.get("/ledger").json()]


def test_an_order_is_reserved_charged_and_shipped_once(shop: httpx.Client, run: Run) -> None:
    execution = run("order-fulfilment", ORDER)
    assert execution.phase == Phase.COMPLETED, execution.failure_reason
    assert effects(shop) == ["reserve", "charge", "ship"]
    assert execution.output["paid"] == 19.0
    assert execution.output["trackingCode"].startswith("TR")


def test_a_charge_that_fails_is_retried_then_stops_and_a_retry_brings_it_home(
    shop: httpx.Client, run: Run, drive: Drive, ann: User, settings: Any
) -> None:
    break_it(shop, "charge", "unavailable", times=10)
    failed = run("order-fulfilment", ORDER)
    assert (failed.phase, failed.current_step, failed.retry_count) == (Phase.FAILED, "/charge", 3)
    assert Attempt.objects.filter(step__path="/charge", verdict="transient").count() == 4
    break_it(shop, "charge", None)
    decisions.retry(failed.pk, ann)
    assert drive(failed).phase == Phase.COMPLETED
    assert effects(shop) == ["reserve", "charge", "ship"]


def test_a_lost_answer_does_not_charge_twice(shop: httpx.Client, run: Run) -> None:
    break_it(shop, "charge", "drop")
    assert run("order-fulfilment", ORDER).phase == Phase.COMPLETED
    assert effects(shop) == ["reserve", "charge", "ship"]
    assert shop.get("/state").json()["counts"]["repeated"] == 1


def test_the_courier_may_be_skipped_and_the_charge_may_not(
    shop: httpx.Client, run: Run, drive: Drive, ann: User
) -> None:
    break_it(shop, "health", "reject")
    failed = run("order-fulfilment", ORDER)
    assert (failed.phase, failed.current_step) == (Phase.FAILED, "/askCourier")
    decisions.skip(failed.pk, ann)
    assert drive(failed).phase == Phase.COMPLETED

    break_it(shop, "charge", "reject")
    failed = run("order-fulfilment", ORDER)
    with pytest.raises(Refused, match="charge is required"):
        decisions.skip(failed.pk, ann)


def test_what_is_sold_out_is_refused_before_anything_is_done(shop: httpx.Client, run: Run) -> None:
    failed = run("order-fulfilment", {**ORDER, "sku": "whisk"})
    assert failed.phase == Phase.FAILED
    assert failed.failure_reason == "Only 0 of whisk left, 2 wanted."
    assert effects(shop) == []


def test_an_input_that_does_not_fit_the_form_never_starts(shop: httpx.Client, run: Run) -> None:
    with pytest.raises(Refused, match="quantity"):
        run("order-fulfilment", {**ORDER, "quantity": 0})
