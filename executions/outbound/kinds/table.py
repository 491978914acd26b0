"""All kinds of channels by name."""

from __future__ import annotations

from executions.outbound.kinds.events import EVENTS
from executions.outbound.kinds.kind import Kind
from executions.outbound.kinds.mail import MAIL
from executions.outbound.kinds.webhook import WEBHOOK

KINDS: dict[str, Kind] = {kind.name: kind for kind in (EVENTS, MAIL, WEBHOOK)}
OF_EVENTS = frozenset(kind.name for kind in KINDS.values() if kind.hears == "events")
OF_NOTICES = frozenset(KINDS) - OF_EVENTS
