"""The shop behind the endpoints: stock, reservations, payments and shipments, each effect exactly
once per key.

A call with an ``Idempotency-Key`` that was used before gets the answer of the first call and has no
effect.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from executions.demo.ledger import Ledger

SHELF = {
    "tea": {"name": "Mountain tea, 100 g", "price": 9.5, "available": 1_000},
    "cup": {"name": "Stoneware cup", "price": 14.0, "available": 500},
    "kettle": {"name": "Copper kettle", "price": 89.0, "available": 25},
    "whisk": {"name": "Bamboo whisk", "price": 18.0, "available": 0},
}
EFFECTS = {"reserve": "rsv", "charge": "pay", "ship": "shp"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a JSON body and, for people, what happened."""

    status: int
    body: Any
    said: str
    headers: dict[str, str] = field(default_factory=dict)


class NotAcceptable(Exception):
    """The order cannot be served as asked: the status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Shop:
    """The state of the shop; what it must not forget it reads back from its ledger."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        self.ledger = Ledger(folder)
        self.repeated = 0
        self.stock: dict[str, int] = {}
        self._answers: dict[tuple[str, str], tuple[str, Any]] = {}
        self._refill()
        for entry in self.ledger.entries:
            self._remember(entry)

    def look_up(self, sku: str) -> Answer:
        """The number on the shelf."""
        with self._lock:
            if sku not in SHELF:
                return Answer(404, {"error": f"no such article: {sku}"}, f"no article {sku}")
            body = {"sku": sku, **SHELF[sku], "available": self.stock[sku]}
            return Answer(200, body, f"{self.stock[sku]} {sku} on the shelf")

    def perform(self, effect: str, order: Any, key: str | None) -> Answer:
        """Reserve, charge or ship; ``key`` is the caller's idempotency key."""
        mark = _fingerprint(order)
        with self._lock:
            if key is not None and (effect, key) in self._answers:
                return self._again(effect, key, mark)
            try:
                facts = _CHECKS[effect](self, order)
            except NotAcceptable as error:
                return Answer(error.status, {"error": str(error)}, str(error))
            number = sum(entry["effect"] == effect for entry in self.ledger.entries) + 1
            body = {"id": f"{EFFECTS[effect]}-{number:05d}", "orderId": order["orderId"], **facts}
            entry = self.ledger.append(
                effect, key=key, orderId=order["orderId"], mark=mark, answer=body
            )
            self._remember(entry)
            return Answer(201, body, f"{_DONE[effect]} {order['orderId']}")

    def counts(self) -> dict[str, int]:
        """How often each effect happened, and how many calls were answered from memory."""
        with self._lock:
            seen = Counter(entry["effect"] for entry in self.ledger.entries)
            return {**{effect: seen[effect] for effect in EFFECTS}, "repeated": self.repeated}

    def entries(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self.ledger.entries)

    def restock(self) -> None:
        """Fill the shelf again; the ledger keeps what happened before and gains a line that says
        so.
        """
        with self._lock:
            self._remember(self.ledger.append("restock"))
            self.repeated = 0

    def _again(self, effect: str, key: str, mark: str) -> Answer:
        first, body = self._answers[effect, key]
        if first != mark:
            reason = "this Idempotency-Key was used with another body"
            return Answer(422, {"error": reason}, reason)
        self.repeated += 1
        return Answer(
            200,
            body,
            f"same key again: {body['id']}, nothing done twice",
            {"Idempotent-Replayed": "true"},
        )

    def _remember(self, entry: Mapping[str, Any]) -> None:
        if entry["effect"] == "restock":
            self._refill()
            return
        if entry["key"] is not None:
            self._answers[entry["effect"], entry["key"]] = entry["mark"], entry["answer"]
        for item in entry["answer"].get("items", ()):
            self.stock[item["sku"]] -= item["quantity"]

    def _refill(self) -> None:
        self.stock = {sku: int(str(article["available"])) for sku, article in SHELF.items()}

    def _reserve(self, order: Any) -> dict[str, Any]:
        _order_id(order)
        items = order.get("items")
        if (
            not isinstance(items, list)
            or not items
            or not all(isinstance(item, dict) for item in items)
        ):
            raise NotAcceptable(400, "items: expected a list of {sku, quantity}")
        wanted: Counter[str] = Counter()
        for item in items:
            sku, quantity = item.get("sku"), item.get("quantity", 1)
            if sku not in SHELF:
                raise NotAcceptable(404, f"no such article: {sku}")
            if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
                raise NotAcceptable(400, f"quantity of {sku}: expected a whole number from 1")
            wanted[sku] += quantity
        for sku, quantity in wanted.items():
            if quantity > self.stock[sku]:
                raise NotAcceptable(409, f"only {self.stock[sku]} of {sku} left, {quantity} wanted")
        total = sum(float(str(SHELF[sku]["price"])) * quantity for sku, quantity in wanted.items())
        return {
            "items": [{"sku": sku, "quantity": wanted[sku]} for sku in wanted],
            "total": round(total, 2),
        }

    def _charge(self, order: Any) -> dict[str, Any]:
        _order_id(order)
        amount = order.get("amount")
        if (
            isinstance(amount, bool)
            or not isinstance(amount, int | float)
            or not 0 < amount < 1_000_000
        ):
            raise NotAcceptable(400, "amount: expected a number above 0 and below 1000000")
        return {
            "amount": amount,
            "currency": str(order.get("currency", "EUR"))[:3],
            "status": "charged",
        }

    def _ship(self, order: Any) -> dict[str, Any]:
        address = order.get("address") if _order_id(order) else None
        if not isinstance(address, str) or not address.strip():
            raise NotAcceptable(400, "address: expected where to send it")
        code = hashlib.sha256(order["orderId"].encode()).hexdigest()[:10].upper()
        return {"address": address.strip(), "trackingCode": f"TR{code}", "status": "on its way"}


_CHECKS: dict[str, Callable[[Shop, Any], dict[str, Any]]] = {
    "reserve": Shop._reserve,
    "charge": Shop._charge,
    "ship": Shop._ship,
}
_DONE = {"reserve": "reserved for", "charge": "charged for", "ship": "shipped"}


def _order_id(order: Any) -> str:
    order_id = order.get("orderId") if isinstance(order, dict) else None
    if not isinstance(order_id, str) or not 0 < len(order_id) <= 100:
        raise NotAcceptable(400, "orderId: expected a text of 1 to 100 characters")
    return order_id


def _fingerprint(order: Any) -> str:
    return hashlib.sha256(json.dumps(order, sort_keys=True).encode()).hexdigest()
