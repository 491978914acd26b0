"""The process from which the sealed children are forked: it has loaded everything and seen nothing.

Started by :mod:`executions.sealed.mother`. Standard input is a socket; each message asks for one
child and brings the two ends of the pipes that become the child's standard input and output. When
the socket ends, so does the mother, and the kernel ends her children with her.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket

from executions.sealed.frames import MESSAGE_BYTES
from executions.sealed.inside.child import serve
from executions.sealed.inside.operations import Operation, table
from executions.sealed.inside.seal import forget_environment, seal


def main() -> None:
    """Fork a child for each message until there are no more."""
    forget_environment()
    control = socket.socket(fileno=0)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    # Children are not waited for: their parent's parent sees their end by their pipes.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    operations = table()
    gc.collect()
    gc.freeze()
    pid = os.getpid()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not message:
            os._exit(0)
        # If the system forks no more, the pipes close, and the caller sees that no child came.
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                _become_child(json.loads(message), descriptors, pid, operations)
        for descriptor in descriptors:
            os.close(descriptor)


def _become_child(
    options: dict[str, int],
    descriptors: list[int],
    parent_pid: int,
    operations: dict[str, Operation],
) -> None:
    """Never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(descriptors[0], 0)
        os.dup2(descriptors[1], 1)
        seal(options, parent_pid)
        serve(operations, options["max_answer_bytes"])
    finally:
        os._exit(0)
