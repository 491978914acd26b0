"""The shop over HTTP: orders, faults on request, and nobody else's page in control."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from executions.calls.http import step as http
from executions.calls.outcome import Done, Fail
from executions.demo.server import ShopServer
from tests.calls.http.conftest import make_context

PAYMENT = {"orderId": "o-1", "amount": 19.0}


def break_it(client: httpx.Client, operation: str, fault: str | None, **more: Any) -> None:
    client.post(
        "/control", json={"operation": operation, "fault": fault, **more}
    ).raise_for_status()


def pay(client: httpx.Client, key: str = "key-1") -> httpx.Response:
    return client.post("/payments", json=PAYMENT, headers={"Idempotency-Key": key})


def test_an_order_is_fulfilled_over_http(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/stock/tea").json()["available"] == 1_000
    items = [{"sku": "tea", "quantity": 2}]
    assert client.post("/reservations", json={"orderId": "o-1", "items": items}).status_code == 201
    assert pay(client).json()["id"] == "pay-00001"
    assert (
        client.post("/shipments", json={"orderId": "o-1", "address": "Main Street 1"}).status_code
        == 201
    )
    assert [entry["effect"] for entry in client.get("/ledger").json()] == [
        "reserve",
        "charge",
        "ship",
    ]
    calls = client.get("/state").json()["calls"]
    assert [call["operation"] for call in calls] == ["ship", "charge", "reserve", "stock", "health"]


def test_it_is_closed_for_the_next_calls_and_then_works(client: httpx.Client) -> None:
    break_it(client, "charge", "unavailable", times=2)
    assert [pay(client).status_code for _ in range(4)] == [503, 503, 201, 200]
    assert client.get("/state").json()["counts"] == {
        "reserve": 0,
        "charge": 1,
        "ship": 0,
        "repeated": 1,
    }


def test_a_rejected_call_has_no_effect(client: httpx.Client) -> None:
    break_it(client, "charge", "reject")
    assert pay(client).status_code == 400
    assert client.get("/ledger").json() == []


def test_a_slow_call_works_in_the_end(client: httpx.Client) -> None:
    break_it(client, "health", "slow", seconds=0.05)
    assert client.get("/health").status_code == 200


def test_a_lost_answer_is_found_again_by_the_same_key(client: httpx.Client) -> None:
    break_it(client, "charge", "drop")
    with pytest.raises(httpx.RemoteProtocolError):
        pay(client)
    assert pay(client).json()["id"] == "pay-00001"
    assert len(client.get("/ledger").json()) == 1


def test_a_fault_can_be_taken_away_and_all_can_be_reset(client: httpx.Client) -> None:
    break_it(client, "charge", "unavailable", times=None)
    break_it(client, "ship", "reject", times=None)
    break_it(client, "charge", None)
    assert list(client.get("/state").json()["faults"]) == ["ship"]
    pay(client)
    state = client.post("/control", json={"reset": True}).json()
    assert (state["faults"], state["calls"]) == ({}, [])
    assert len(client.get("/ledger").json()) == 2


def test_the_http_step_meets_a_hanging_shop_and_repeats_nothing(
    shop: ShopServer, client: httpx.Client
) -> None:
    break_it(client, "charge", "hang", seconds=60)
    call = {"method": "post", "endpoint": f"{shop.address}payments", "body": PAYMENT}
    first = http.run(call, make_context(seconds=0.5))
    assert isinstance(first, Fail)
    assert (first.rule, first.transient, first.effect_possible) == ("attempt timed out", True, True)
    second = http.run(call, make_context())
    assert isinstance(second, Done) and second.output["id"] == "pay-00001"
    assert [entry["effect"] for entry in client.get("/ledger").json()] == ["charge"]


@pytest.mark.parametrize(
    ("name", "status"),
    [("fine", 200), ("moved", 301), ("gone", 410), ("missing", 404), ("broken", 500), ("x", 404)],
)
def test_there_are_links_to_check(client: httpx.Client, name: str, status: int) -> None:
    assert client.get(f"/links/{name}").status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Origin": "https://evil.example"},
        {"Content-Type": "application/json", "Origin": "null"},
        {"Content-Type": "application/json", "Host": "evil.example"},
    ],
)
def test_another_site_cannot_control_the_shop(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    asked = b'{"operation": "charge", "fault": "unavailable"}'
    assert client.post("/control", content=asked, headers=headers).status_code == 403
    assert client.get("/state").json()["faults"] == {}


def test_its_own_page_may_control_it(shop: ShopServer, client: httpx.Client) -> None:
    asked = {"operation": "charge", "fault": "unavailable"}
    origin = {"Origin": shop.address.rstrip("/")}
    assert client.post("/control", json=asked, headers=origin).status_code == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "the body is not JSON"),
        (b"[]", "expected an object such as"),
        (b"null", "expected an object such as"),
        (
            b'{"operation": "steal"}',
            "operation: expected one of stock, reserve, charge, ship, health",
        ),
        (b'{"operation": "ship", "fault": "explode"}', "fault: 'explode' is not known"),
        (b'{"operation": "ship", "fault": "slow", "seconds": NaN}', "NaN is no JSON number"),
        (b"x" * 70_000, "the body is larger than 65536 bytes"),
    ],
)
def test_a_control_request_that_is_not_understood_is_explained(
    client: httpx.Client, content: bytes, said: str
) -> None:
    answer = client.post("/control", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_the_page_comes_whole_without_anything_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("/page.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("/page.js").status_code == 200
    assert "http://" not in page.text and "https://" not in page.text
    assert client.head("/").content == b""
    assert client.get("/nothing").status_code == 404
    assert client.post("/nothing", json={}).status_code == 404
