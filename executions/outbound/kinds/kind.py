"""The row of a kind of channel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

from executions.calls.http.posting import Posted
from executions.models import Channel
from executions.outbound.parcels import Parcel


def _nothing() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """``send`` sends a parcel once and never raises for what the other side does; it raises Refused
    where it cannot even be tried (no secret). ``check`` refuses an address with a Refusal.

    ``hears``: lifecycle events of runs, each by itself; or notices, what inboxes get, together.
    ``problem`` says why none of the kind can be used here, empty where it can. ``of_the_account``:
    a person's own goes to the address of their account. ``is_shared``: all channels of the kind
    speak to one server, so that they rest together. ``at_once`` is to how many of them one worker
    speaks at a time: those that hang hold up no other kind.
    """

    name: str
    label: str
    send: Callable[[Channel, Parcel], Future[Posted]]
    check: Callable[[str], None]
    hears: Literal["events", "notices"] = "notices"
    problem: Callable[[], str] = _nothing
    of_the_account: bool = False
    is_shared: bool = False
    at_once: int = 8
