"""The shop keeps its promises: one effect per key, whatever the callers repeat and whenever it
restarts.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from executions.demo.shop import Shop

TEA = {"orderId": "o-1", "items": [{"sku": "tea", "quantity": 2}]}


def test_the_same_key_gets_the_same_answer_and_one_effect(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    first, second = shop.perform("reserve", TEA, "key"), shop.perform("reserve", TEA, "key")
    assert (first.status, second.status) == (201, 200)
    assert first.body == second.body
    assert second.headers == {"Idempotent-Replayed": "true"}
    assert shop.counts() == {"reserve": 1, "charge": 0, "ship": 0, "repeated": 1}
    assert shop.stock["tea"] == 998


def test_a_key_belongs_to_one_body(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.perform("charge", {"orderId": "o-1", "amount": 5}, "key")
    assert shop.perform("charge", {"orderId": "o-1", "amount": 6}, "key").status == 422
    assert shop.counts()["charge"] == 1


def test_without_a_key_every_call_is_an_effect(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert [
        shop.perform("charge", {"orderId": "o", "amount": 5}, None).status for _ in range(3)
    ] == [201] * 3
    assert shop.counts()["charge"] == 3


def test_many_callers_with_one_key_make_one_effect(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda _: shop.perform("reserve", TEA, "key"), range(64)))
    assert {answer.body["id"] for answer in answers} == {"rsv-00001"}
    assert shop.counts() == {"reserve": 1, "charge": 0, "ship": 0, "repeated": 63}


def test_a_restarted_shop_remembers_keys_and_stock(tmp_path: Path) -> None:
    before = Shop(tmp_path)
    answer = before.perform("reserve", TEA, "key")
    after = Shop(tmp_path)
    assert after.perform("reserve", TEA, "key").body == answer.body
    assert after.stock["tea"] == 998
    assert after.counts()["reserve"] == 1


def test_restocking_fills_the_shelf_and_forgets_no_effect(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.perform("reserve", TEA, "key")
    shop.restock()
    assert shop.stock["tea"] == 1_000
    assert Shop(tmp_path).stock["tea"] == 1_000
    assert shop.perform("reserve", TEA, "key").status == 200


@pytest.mark.parametrize(
    ("effect", "order", "status", "said"),
    [
        ("reserve", None, 400, "orderId"),
        ("reserve", {"orderId": ""}, 400, "orderId"),
        ("reserve", {"orderId": "o"}, 400, "items"),
        ("reserve", {"orderId": "o", "items": []}, 400, "items"),
        ("reserve", {"orderId": "o", "items": ["tea"]}, 400, "items"),
        ("reserve", {"orderId": "o", "items": [{"sku": "gold"}]}, 404, "no such article: gold"),
        (
            "reserve",
            {"orderId": "o", "items": [{"sku": "tea", "quantity": 0}]},
            400,
            "whole number",
        ),
        (
            "reserve",
            {"orderId": "o", "items": [{"sku": "whisk"}]},
            409,
            "only 0 of whisk left, 1 wanted",
        ),
        (
            "reserve",
            {"orderId": "o", "items": [{"sku": "kettle", "quantity": 13}] * 2},
            409,
            "only 25 of kettle",
        ),
        ("charge", {"orderId": "o"}, 400, "amount"),
        ("charge", {"orderId": "o", "amount": -1}, 400, "amount"),
        ("charge", {"orderId": "o", "amount": True}, 400, "amount"),
        ("ship", {"orderId": "o"}, 400, "address"),
        ("ship", {"orderId": "o", "address": " "}, 400, "address"),
    ],
)
def test_what_cannot_be_served_is_refused_and_leaves_no_trace(
    tmp_path: Path, effect: str, order: Any, status: int, said: str
) -> None:
    shop = Shop(tmp_path)
    answer = shop.perform(effect, order, "key")
    assert answer.status == status
    assert said in answer.body["error"]
    assert shop.entries() == []


def test_an_order_goes_through(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert shop.look_up("tea").body["available"] == 1_000
    assert shop.perform("reserve", TEA, "a").body["total"] == 19.0
    assert (
        shop.perform("charge", {"orderId": "o-1", "amount": 19.0}, "b").body["status"] == "charged"
    )
    assert shop.perform("ship", {"orderId": "o-1", "address": "Main Street 1"}, "c").body[
        "trackingCode"
    ]
    assert shop.look_up("tea").body["available"] == 998
    assert shop.look_up("gold").status == 404
