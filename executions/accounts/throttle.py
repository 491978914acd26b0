"""How often one may try to log in. It is decided before a password is hashed.

Failures are counted per address and per name and address: there the door is locked for a while. Per
name alone it only opens more slowly: else a stranger could lock out whoever he likes.
"""

from __future__ import annotations

import hashlib
import math
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from executions import spans
from executions.clients.addresses import network_of
from executions.clients.rates import buckets

# Failed log-ins for one name from one address.
TRIES = 5
# Of one address, for many names; of one name, from many addresses: in multiples of one's own tries.
ADDRESS_TIMES, NAME_TIMES = 4, 2
SLOW_SECONDS = 2.0
# After so long without a try all tries may fail again.
LOCK_SECONDS = 900.0
BUSY_SECONDS = 5.0
# Log-ins that one process looks at; passwords are hashed two at a time, so the last waits seconds.
AT_ONCE = 32
_under_way = threading.BoundedSemaphore(AT_ONCE)


class TooManyTries(ValidationError):
    """Nobody looked at the password. Forms show the message; ``wait_seconds`` is for Retry-After.

    ``lock`` is what refused it: ``name`` (from this address), ``address``, or ``busy``; ``key`` is
    the same for all that this lock refuses.
    """

    def __init__(self, why: str, wait_seconds: float, lock: str, key: str) -> None:
        self.lock, self.key = lock, key
        self.wait_seconds = max(1, math.ceil(wait_seconds))
        super().__init__(
            f"{why} Try again in {spans.at_most(self.wait_seconds)}.", code="throttled"
        )


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody tries to log in: from which network (an address, or an IPv6 /64), under which
    name.
    """

    network: str
    name: str

    @classmethod
    def of(cls, request: HttpRequest, name: str) -> Try:
        """The name is kept as a digest: some people type their password there."""
        plain = unicodedata.normalize("NFKC", name).casefold()
        digest = hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()[:32]
        return cls(network_of(str(request.META.get("REMOTE_ADDR", ""))), digest)


@contextmanager
def looked_at(made: Try) -> Iterator[None]:
    """Around the check of a password. Raises TooManyTries; then nothing was counted."""
    if not _under_way.acquire(blocking=False):
        raise TooManyTries("Many people log in at this moment.", BUSY_SECONDS, "busy", "login:busy")
    try:
        _take(made)
        yield
    finally:
        _under_way.release()


def succeeded(made: Try) -> None:
    """The password was right: only failures count."""
    buckets.fill(_pair(made))
    buckets.give_back(_address(made), TRIES * ADDRESS_TIMES, LOCK_SECONDS)
    buckets.give_back(_name(made), TRIES * NAME_TIMES, LOCK_SECONDS)


def _take(made: Try) -> None:
    """Counted before it is known to fail: a hundred tries at once would all be let in otherwise."""
    wait = buckets.take(_pair(made), TRIES, LOCK_SECONDS)
    if wait:
        raise TooManyTries(
            "Too many failed log-ins for this name from your address.", wait, "name", _pair(made)
        )
    wait = buckets.take(_address(made), TRIES * ADDRESS_TIMES, LOCK_SECONDS)
    if wait:
        buckets.give_back(_pair(made), TRIES, LOCK_SECONDS)
        raise TooManyTries(
            "Too many failed log-ins from your address.", wait, "address", _address(made)
        )
    if buckets.take(_name(made), TRIES * NAME_TIMES, LOCK_SECONDS):
        sleep(SLOW_SECONDS)


def _pair(made: Try) -> str:
    return f"login:pair:{made.name}:{made.network}"


def _address(made: Try) -> str:
    return f"login:address:{made.network}"


def _name(made: Try) -> str:
    return f"login:name:{made.name}"
