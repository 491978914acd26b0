"""Answers while they come: what a model has said so far of a turn that runs now.

A worker writes it to Redis (:mod:`executions.streams.writing`), web servers read it from there
(:mod:`executions.streams.reading`), so that who comes late gets the text so far. None of it is the
truth: the journal has the answer when the turn ends. Without Redis nothing is shown before.

Of an execution one turn runs at a time. Two keys hold it: ``stigmer:stream:<id>`` (a hash: who
wrote it, of which step, and what is counted) and ``stigmer:stream:<id>:text``. The channel
``stigmer:streams`` names the executions of which more came.
"""

from __future__ import annotations

from executions.streams.names import CHANNEL, Place
from executions.streams.reading import Streamed, read
from executions.streams.writing import close, stream

__all__ = ["CHANNEL", "Place", "Streamed", "close", "read", "stream"]
