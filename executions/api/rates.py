"""How often one caller may ask, in the words of the API."""

from __future__ import annotations

import math

from django.conf import settings
from django.http import HttpRequest

from executions.api.problems import Problem
from executions.clients.addresses import network_of
from executions.clients.rates import (
    GUESSES_A_MINUTE,
    PREFIX,
    OwnBuckets,
    SharedBuckets,
    buckets,
    guessed,
)

__all__ = ["PREFIX", "OwnBuckets", "SharedBuckets", "buckets", "take", "take_guess"]


def take(caller: str) -> None:
    """Count one request of this caller.

    Raises Problem 429 for one too many; STIGMER_API_RATE 0 counts none.
    """
    per_minute: int = settings.STIGMER_API_RATE
    if per_minute <= 0:
        return
    wait = buckets.take(caller, per_minute)
    if wait:
        raise _too_many(f"More than {per_minute} requests a minute came from you.", wait)


def caller_of(request: HttpRequest) -> str:
    """The bucket of whoever sent this: the user, or the network of a stranger."""
    user = request.user
    return (
        f"user:{user.pk}" if user.is_authenticated else f"address:{network_of(address_of(request))}"
    )


def address_of(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def take_guess(address: str) -> None:
    """Count a token that nobody has.

    Raises Problem 429 for one too many; a good token is never refused for it.
    """
    wait = guessed(address)
    if wait:
        raise _too_many(
            f"More than {GUESSES_A_MINUTE} unknown tokens a minute came from your address.", wait
        )


def _too_many(text: str, wait: float) -> Problem:
    return Problem("rate-limited", text, headers={"Retry-After": str(max(1, math.ceil(wait)))})
