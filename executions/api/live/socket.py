"""Following over a WebSocket: the same frames as JSON messages, acknowledged by ``{"ack": <seq>}``.

The server sends at most ``BUFFER`` frames that were not acknowledged; what comes meanwhile waits,
and is lost from the oldest on. Close codes: ``executions.live.closing``.
"""

from __future__ import annotations

from typing import Any

from executions.api.live import access
from executions.api.live.follower import Follower, door
from executions.live.closing import Close
from executions.live.socket import LiveSocket
from executions.live.subscriber import Subscriber

MOST_SOCKETS = 20


class FollowConsumer(LiveSocket):
    """``/ws/api/v1/{workflow,agent}-executions/<id>/events?after=<seq>``, by token or session."""

    door = door
    MOST_CHARACTERS = 4096

    async def enter(self) -> Follower | Close:
        path = self.scope["url_route"]["kwargs"]
        kind, execution_id = path["kind"], path["execution_id"]
        return await door.hub().ask(lambda: access.of_socket(self.scope, kind, execution_id))

    def most(self) -> int:
        return MOST_SOCKETS

    async def begin(self, subscriber: Subscriber) -> None:
        assert isinstance(subscriber, Follower)
        await subscriber.begin(access.after_of(self.scope))

    async def hear(self, subscriber: Subscriber, message: dict[str, Any]) -> bool:
        """Acknowledging is all that a follower can say."""
        subscriber.mailbox.acknowledge()
        return message.keys() == {"ack"}
