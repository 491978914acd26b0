"""Run a command that ends with its parent: ``python -I -S tethered.py <parent pid> <command>
[argument …]``.

Run as a script, before anything of ours is imported: it costs a few milliseconds, then becomes the
command. On Linux the kernel sends SIGTERM when the parent dies, however it dies (prctl(2),
PR_SET_PDEATHSIG); elsewhere Python children watch their parent themselves (``watch.py``).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
