"""Following what happens: one hub for every door; a door renders (page fragments, JSON), no more.

A door is a ``hub.Door`` and a kind of ``subscriber.Subscriber``. A subscriber follows ``topics``,
each from a cursor. The hub hears nudges (``broadcast``) and asks the database, in a thread of its
own, what is new after the cursors (``news``, ``inbox``, ``hints``, ``workers``). It puts that into
the subscriber's ``mailbox``, which a ``socket`` or a stream empties. Every few seconds it compares
what was sent with the database, and each second it looks who may still follow (``rights``).
"""
