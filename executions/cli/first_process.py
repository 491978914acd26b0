"""The duties of the first process of a pid namespace, as the command of a container is one
(pid_namespaces(7)).
"""

from __future__ import annotations

import os
import signal

# The signals that operators and container platforms send. The kernel keeps a signal without a
# handler from the first process.
PASSED_ON = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_SIGNAL_BASE = 128


def leave_the_first_place() -> None:
    """Go on in a child, where this process is the first one; nothing happens elsewhere.

    Orphans come to the first process, and stay in the table of processes until it reaps them: those
    of a worker that was killed, for example. It passes signals on, and ends as its child ended:
    with its exit code, or 128 and the number of the signal. Everything that it left ends with it.
    """
    if os.getpid() != 1:
        return
    waited_for = {signal.SIGCHLD, *PASSED_ON}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return
    while True:
        received = signal.sigwaitinfo(waited_for)
        if received.si_signo == signal.SIGCHLD:
            _reap(child)
        elif received.si_code <= 0:  # a terminal sends to the child too, in the kernel's name
            os.kill(child, received.si_signo)


def _reap(child: int) -> None:
    """Take note of every process that has ended; end where it is the child."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else _SIGNAL_BASE - code)
