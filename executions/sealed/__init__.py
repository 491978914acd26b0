"""Foreign text (jq programs, JSON Schemas) is worked on in child processes that can do nothing
else.

A sealed child has nothing to give away: no environment, no files and no sockets, standard input
and output are pipes to its parent and the rest is ``/dev/null``; its memory, its processor time
and the number of its descriptors, files and processes are limited. It may hang or die. Then it is
killed, and only the call that it was working on hears of it.

How to use it::

    body = sealed.call("jq.run", payload, owner="42", seconds=2.0, text=program)
    body = sealed.call_once("jq.run", payload, owner="42", seconds=2.0)

Payloads and answers are bytes; an operation says what is in them. Treat an answer as hostile: a
child may have been taken over by what it worked on.

``call`` has **two lanes**. Every call begins in one of four warm children that all owners share. A
call that is not through after 25 ms (of the child's processor time) keeps that child and continues
as a *slow* call, while a spare takes the child's place. There are at most four slow calls in a
process and one of each owner; who finds no place waits for one and begins anew, so an operation
must be a pure function of its payload. Waiting for a place counts against no deadline:
:func:`waited_seconds` tells how long this thread has waited so far. A text that was slow before
goes to the slow lane at once, and so does whatever an owner brings that never ran yet, while that
owner's slow call runs: a hostile owner costs the others one spare.

``call_once`` is for payloads that hold secrets. It takes a child that never worked and kills it
after the answer, so that no other text meets what this one saw. The child's words about a failure
may quote the secret: tell of it by its kind (``SealedRefused.kind``) only.

**A new operation** is a function ``bytes -> bytes`` in the table ``OPERATIONS`` of a module that
is named in :data:`executions.sealed.inside.operations.ROOMS`. It runs in the child: it may open
nothing and import nothing later on, and it raises
:class:`executions.sealed.inside.operations.Refused` for what is the author's fault. Keep what its
module imports small; the process from which the children are forked loads all of it.

Children are forked, in about a millisecond, from one *mother* process which starts with the first
call (0.1 s) and ends with its parent. A forked process gets children of its own.
"""

from executions.sealed.calls import call, call_once, close, configure, pids
from executions.sealed.errors import (
    SealedBusy,
    SealedClosed,
    SealedDied,
    SealedError,
    SealedGivenUp,
    SealedHung,
    SealedOutOfMemory,
    SealedRefused,
    SealedTimedOut,
    SealedTooLarge,
    SealedUnavailable,
)
from executions.sealed.limits import Limits
from executions.sealed.places import (
    Caller,
    calling,
    go_on_waiting_from,
    hurried,
    waited_seconds,
)

__all__ = [
    "Caller",
    "Limits",
    "SealedBusy",
    "SealedClosed",
    "SealedDied",
    "SealedError",
    "SealedGivenUp",
    "SealedHung",
    "SealedOutOfMemory",
    "SealedRefused",
    "SealedTimedOut",
    "SealedTooLarge",
    "SealedUnavailable",
    "call",
    "call_once",
    "calling",
    "close",
    "configure",
    "go_on_waiting_from",
    "hurried",
    "pids",
    "waited_seconds",
]
