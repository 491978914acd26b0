"""What a kind of channel has to say."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from executions.calls.http.posting import Posted
from executions.models import Channel, Sending


@dataclass(frozen=True, slots=True)
class Kind:
    """``send`` sends one message once and never raises for what the other side does; it raises
    Refused where it cannot even be tried (no secret). ``check`` refuses an address.
    """

    name: str
    send: Callable[[Channel, Sending], Future[Posted]]
    check: Callable[[str], None]
