"""The garbage collector of a process that runs for long.

Objects that are loaded at the start stay for good, and the collector would look through them again
and again: a tenth of the processor time of a worker, measured over ten-step workflows.
"""

from __future__ import annotations

import gc

# Few objects of ours stand in circles. A look at the young ones after every 10,000 new ones, and at
# all after a thousand of those, keeps memory flat.
THRESHOLDS = (10_000, 20, 50)


def hold() -> None:
    """Collect nothing until this process has settled: all that it loads until then stays, and
    looking through it again and again is a sixth of the time that loading takes.
    """
    gc.disable()


def settle() -> None:
    """Leave everything that exists now out of each later collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
