"""Looking who listens, in the thread of the test."""

from __future__ import annotations

from executions.inbound import offers


def match_events() -> None:
    """What a worker does with the events that have come."""
    for owner_id, events in offers.unmatched(1_000).items():
        found = offers.who_listens(lambda work: work(), owner_id, events)
        offers.hand_out(events, found)
