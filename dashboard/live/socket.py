"""The socket of an open page. It subscribes and acknowledges, no more: every action is a form."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib.auth.models import User

from dashboard.live import frames
from dashboard.live.page import Page, door, topics_of
from executions.live.closing import Close
from executions.live.mailbox import Frame
from executions.live.socket import LiveSocket, is_sequence
from executions.live.subscriber import Subscriber
from executions.live.texts import Text

# Pages that one person may have open at one web process; one more is asked to come back later.
SOCKETS_OF_ONE_PERSON = 20
# Rows, executions and lists that one page may follow.
TOPICS_OF_ONE_PAGE = 150


class PageSocket(LiveSocket):
    """Frames: ``dashboard.live.frames``. Close codes: ``executions.live.closing``."""

    door = door
    MOST_CHARACTERS = 64 * 1024

    async def enter(self) -> Page | Close:
        user, session = self.scope.get("user"), self.scope.get("session")
        if not isinstance(user, User) or not user.is_active:
            return Close.SIGNED_OUT
        return Page(user, getattr(session, "session_key", "") or "", self._language())

    def _language(self) -> str:
        """That of the page which opened it: what is pushed becomes a part of it."""
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        language = query.get("language", [""])[-1]
        return language if language in dict(settings.LANGUAGES) else ""

    def most(self) -> int:
        return SOCKETS_OF_ONE_PERSON

    def text(self, frame: Frame) -> Text:
        return frames.text(frame)

    async def hear(self, subscriber: Subscriber, message: dict[str, Any]) -> bool:
        """Topics to follow from a sequence, topics to leave, and that what was sent has arrived."""
        assert isinstance(subscriber, Page)
        if not _is_understood(message):
            return False
        if "ack" in message:
            subscriber.mailbox.acknowledge()
        for name in message.get("unsub", []):
            subscriber.unsubscribe(name)
        wanted = topics_of(message.get("sub", {}))
        names = subscriber.subscriptions.keys() | {topic.name for topic in wanted}
        if len(names) > TOPICS_OF_ONE_PAGE:
            return False
        if wanted:
            await door.hub().subscribe(subscriber, wanted)
        return True


def _is_understood(message: dict[str, Any]) -> bool:
    """Whether it is a message of the protocol: there is no other thing that a page may say."""
    if not message or message.keys() - {"sub", "unsub", "ack"}:
        return False
    sub, unsub = message.get("sub", {}), message.get("unsub", [])
    if not isinstance(sub, dict) or not isinstance(unsub, list):
        return False
    if not isinstance(message.get("ack", {}), dict):
        return False
    return all(map(is_sequence, sub.values())) and all(isinstance(name, str) for name in unsub)
