"""Overview and lists are told that there is something new, if it may concern their reader."""

from __future__ import annotations

import uuid
from collections import OrderedDict

from executions.live.news import News, Subscribers
from executions.live.rights import Ask
from executions.live.topics import EXECUTIONS, HINTS, OVERVIEW
from executions.models import Execution
from executions.nudges import Nudge

MOST_SEEN = 10_000
NEWEST = 20


class Hints(News):
    """Remembers which executions were seen before: only a new one is news for a list. The page asks
    for what is new when it suits."""

    def __init__(self) -> None:
        self._seen: OrderedDict[uuid.UUID, None] = OrderedDict()

    def hear(self, nudge: Nudge, subscribers: Subscribers) -> None:
        """Something happened in an execution; where its owner is not named everybody is told."""
        names = (OVERVIEW,) if nudge.execution_id in self._seen else (OVERVIEW, EXECUTIONS)
        self._seen[nudge.execution_id] = None
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        for each in subscribers:
            if each.sees_others or nudge.owner_id in (None, each.person.pk):
                for name in names:
                    if name in each.subscriptions and each.subscriptions[name].is_ready:
                        each.hint(name)

    async def compare(self, subscribers: Subscribers, ask: Ask) -> None:
        if not any(HINTS & each.subscriptions.keys() for each in subscribers):
            return
        rows = Execution.objects.order_by("-id").values_list("pk", "owner_id")[:NEWEST]
        for execution_id, owner_id in await ask(lambda: list(rows)):
            if execution_id not in self._seen:
                self.hear(Nudge(execution_id, owner_id), subscribers)
