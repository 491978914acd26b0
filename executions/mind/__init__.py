"""The mind: one warm child of a worker that speaks to language models.

A streamed answer costs a third of a millisecond of processor time per event. A worker's threads
cannot carry that beside the workflows, and the libraries are asynchronous: so all requests of a
worker live in one child with one event loop (:mod:`executions.mind.child`). It starts with the
first request, its memory is bounded, and it is replaced where it does not answer. Its death is a
transient failure of the requests that it held; the worker goes on.
"""

from __future__ import annotations

from executions.mind.errors import Problem, RequestFailed, Why
from executions.mind.heard import Heard
from executions.mind.process import close, request

__all__ = ["Heard", "Problem", "RequestFailed", "Why", "close", "request"]
