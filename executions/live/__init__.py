"""Following what happens: one hub for every door; a door renders (page fragments, JSON), no more.

A door is a ``hub.Door`` and a kind of ``subscriber.Subscriber``. A subscriber follows ``topics``, each
from a cursor. The hub hears nudges (``broadcast``), asks the database in its own thread what is new
after the cursors (``news``, ``inbox``, ``hints``), and puts it into the subscriber's ``mailbox``, which
a ``socket`` or a stream empties. What was sent is compared with the database every few seconds, and
who may still follow is looked at each second (``rights``).
"""
