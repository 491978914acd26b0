"""All kinds of channels by name."""

from __future__ import annotations

from executions.outbound.kinds.events import EVENTS
from executions.outbound.kinds.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (EVENTS,)}
