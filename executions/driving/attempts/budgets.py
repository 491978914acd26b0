"""The budget of an owner and a day: reserved before each request to a model, settled after it.

The reservation is one conditional UPDATE of one row, so that a hundred requests at one moment do
not go beyond it together. Without a declared budget nothing is written.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from executions import clock
from executions.models import Budget, Reservation, Spending
from executions.models.transactions import atomic

# An administrator may raise it at any moment.
LOOK_AGAIN = timedelta(minutes=5)
# A request is over long before, or its worker is gone.
LAPSES = timedelta(minutes=35)
_CHARACTERS_OF_A_TOKEN = 4
_TOKENS_OF_AN_ANSWER = 4_096
_PER = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that a request may use, as far as anybody knows before it is made."""

    tokens: int
    cost: Decimal


def reserve(
    owner_id: int, step: uuid.UUID, written: Mapping[str, Any], model: Mapping[str, Any]
) -> str | None:
    """Reserve what this request may use; what is used up where that is too much, None where it may
    be made.
    """
    budget = _of(owner_id)
    if budget is None:
        return None
    needed, now = _estimate(written, model), clock.now()
    with atomic():
        spending, _ = Spending.objects.get_or_create(owner_id=owner_id, day=_day(now))
        Spending.objects.select_for_update().get(pk=spending.pk)
        _give_back(Reservation.objects.filter(step=step))
        _give_back(Reservation.objects.filter(spending=spending, expires_at__lt=now))
        row = Spending.objects.filter(pk=spending.pk)
        allowed = row.annotate(
            all_tokens=F("tokens") + F("reserved_tokens"), all_cost=F("cost") + F("reserved_cost")
        )
        if budget.tokens_per_day is not None:
            allowed = allowed.filter(all_tokens__lte=budget.tokens_per_day - needed.tokens)
        if budget.cost_per_day is not None:
            allowed = allowed.filter(all_cost__lte=budget.cost_per_day - needed.cost)
        if not allowed.update(
            reserved_tokens=F("reserved_tokens") + needed.tokens,
            reserved_cost=F("reserved_cost") + needed.cost,
        ):
            return _used_up(row.get(), budget, needed)
        Reservation.objects.create(
            spending=spending,
            step=step,
            tokens=needed.tokens,
            cost=needed.cost,
            expires_at=now + LAPSES,
        )
    return None


def settle(step: uuid.UUID, usage: Mapping[str, int] | None, cost: str | None) -> None:
    """A request has ended: what it used is counted, what was reserved for it is free."""
    reservations = Reservation.objects.filter(step=step)
    if not reservations.exists():
        return
    tokens = sum((usage or {}).get(name, 0) for name in ("input_tokens", "output_tokens"))
    with atomic():
        for spending in _give_back(reservations):
            Spending.objects.filter(pk=spending).update(
                tokens=F("tokens") + tokens, cost=F("cost") + Decimal(cost or 0)
            )


def looked_at_again(now: datetime) -> datetime:
    """When a run that waits for its budget asks again: soon, or as the next day begins."""
    local = timezone.localtime(now)
    midnight = datetime.combine(local.date() + timedelta(days=1), time.min, local.tzinfo)
    return min(midnight, now + LOOK_AGAIN)


def _of(owner_id: int) -> Budget | None:
    """Their own, else that of all others."""
    rows = list(Budget.objects.filter(Q(user=owner_id) | Q(user=None)))
    return next((row for row in rows if row.user_id), rows[0] if rows else None)


def _day(now: datetime) -> Any:
    return timezone.localtime(now).date()


def _estimate(written: Mapping[str, Any], model: Mapping[str, Any]) -> Estimate:
    read = len(json.dumps(written, default=str)) // _CHARACTERS_OF_A_TOKEN
    answer = model["max_tokens"] or _TOKENS_OF_AN_ANSWER
    prices = (Decimal(model["input_price"] or 0), Decimal(model["output_price"] or 0))
    return Estimate(read + answer, (read * prices[0] + answer * prices[1]) / _PER)


def _give_back(reservations: Any) -> list[int]:
    """Free what these hold; the rows that they were made in, each once for each."""
    spendings = []
    for row in reservations:
        # The process that deletes it gives it back, once.
        if Reservation.objects.filter(pk=row.pk).delete()[0]:
            Spending.objects.filter(pk=row.spending_id).update(
                reserved_tokens=F("reserved_tokens") - row.tokens,
                reserved_cost=F("reserved_cost") - row.cost,
            )
            spendings.append(row.spending_id)
    return spendings


def _used_up(spending: Spending, budget: Budget, needed: Estimate) -> str:
    """The message: how much is used, how much is allowed, and what to do."""
    parts = []
    if budget.tokens_per_day is not None:
        used = spending.tokens + spending.reserved_tokens
        parts.append(
            f"{used:,} of {budget.tokens_per_day:,} tokens are used or reserved, and"
            f" {needed.tokens:,} more may be needed"
        )
    if budget.cost_per_day is not None:
        spent = spending.cost + spending.reserved_cost
        parts.append(f"{spent:f} of {budget.cost_per_day:f} is spent or reserved")
    amounts = "; ".join(parts)
    return f"the budget of the day: {amounts}; an administrator may raise it, or a new day begins"
