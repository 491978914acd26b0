"""Whether a worker is heard of: pages of what is under way say so in their sentence.

No execution changes when the last worker dies, so that no nudge tells of it: it is looked at with
each reconciliation, one question for all pages, and a page that said something else asks anew.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from executions.live.news import News, Subscribers
from executions.live.rights import Ask
from executions.live.subscriber import Subscriber
from executions.live.topics import EXECUTION
from executions.models.unheard import BRIEFLY_SECONDS, unheard

# Whether one is heard of, and if not, whether there may be some that cannot say so.
Heard = tuple[bool, bool]
HEARD: Heard = (True, True)


class WorkerNews(News):
    """Remembers what each open page was told; one just opened says what was so a moment ago."""

    def __init__(self) -> None:
        self._told: WeakKeyDictionary[Subscriber, Heard] = WeakKeyDictionary()

    async def compare(self, subscribers: Subscribers, ask: Ask) -> None:
        followed = {each: names for each in subscribers if (names := _executions_of(each))}
        if not followed:
            return
        now = await ask(_heard)
        for subscriber, names in followed.items():
            if self._told.get(subscriber, HEARD) != now:
                for name in names:
                    subscriber.hint(name)
            self._told[subscriber] = now


def _executions_of(subscriber: Subscriber) -> list[str]:
    followed = subscriber.subscriptions.values()
    return [each.topic.name for each in followed if each.topic.kind == EXECUTION]


def _heard() -> Heard:
    nobody = unheard(BRIEFLY_SECONDS)
    return HEARD if nobody is None else (False, nobody.may_live)
