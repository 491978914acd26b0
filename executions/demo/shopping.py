"""The tools of the example agent `shop-assistant`: what is in stock, put aside, paid.

They speak to the demo shop, each call under the key of its step: a second call for the same step is
answered from the shop's memory.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from executions.calls.python.functions import (
    FunctionContext,
    PermanentError,
    TransientError,
    function,
)
from stigmer_site.listening import demo_port

SECONDS = 10
Article = Literal["tea", "cup", "kettle", "whisk"]
Quantity = Annotated[int, Field(ge=1, le=100)]


class Stock(TypedDict):
    """An article of the shop."""

    sku: str
    name: str
    price: float
    available: int


class Reserved(TypedDict):
    """The goods that were put aside for an order."""

    order: str
    total: float


class Paid(TypedDict):
    """A payment."""

    payment: str
    amount: float


@function(name="demo.shop.stock", effect="pure")
def stock(sku: Article) -> Stock:
    """Says what an article is called, what it costs, and how many of it there are."""
    article = _ask("GET", f"/stock/{sku}")
    return Stock(
        sku=sku, name=article["name"], price=article["price"], available=article["available"]
    )


@function(name="demo.shop.reserve", effect="idempotent")
def reserve(sku: Article, quantity: Quantity, context: FunctionContext) -> Reserved:
    """Puts articles aside for an order and says what they cost together."""
    order = context.idempotency_key
    items = [{"sku": sku, "quantity": quantity}]
    reservation = _ask("POST", "/reservations", {"orderId": _short(order), "items": items}, order)
    return Reserved(order=reservation["orderId"], total=reservation["total"])


@function(name="demo.shop.charge", effect="at_most_once")
def charge(
    order: Annotated[str, Field(max_length=100)],
    amount: Annotated[float, Field(gt=0, lt=10_000)],
    context: FunctionContext,
) -> Paid:
    """Takes the money for an order. It cannot be taken back."""
    body = {"orderId": order, "amount": amount}
    payment = _ask("POST", "/payments", body, context.idempotency_key)
    return Paid(payment=payment["id"], amount=payment["amount"])


def _short(key: str) -> str:
    """The name of an order, of the key of the step that made it."""
    return f"order-{key.partition('/')[0][-8:]}-{sum(key.encode()) % 10_000:04d}"


def _ask(method: str, path: str, body: Any = None, key: str = "") -> dict[str, Any]:
    """The shop's answer. Raises PermanentError for what it refuses, TransientError where it is not
    there.
    """
    address = f"http://127.0.0.1:{demo_port(os.environ)}{path}"
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            read: dict[str, Any] = json.load(answer)
            return read
    except urllib.error.HTTPError as error:
        said = error.read(2_000).decode("utf-8", "replace")
        if error.code >= 500:
            raise TransientError(f"the shop answered {error.code}: {said}") from error
        raise PermanentError(f"the shop refuses: {said}") from error
    except OSError as error:
        raise TransientError(f"the shop cannot be reached: {error}") from error
