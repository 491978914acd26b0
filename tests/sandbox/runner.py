"""Plays a worker that runs one command: started as a process of its own, so that it can be killed.

``python -m tests.sandbox.runner FOLDER LINE``
"""

from __future__ import annotations

import sys
from pathlib import Path

from executions.isolation.visit import Seconds
from executions.sandbox import Command, Limits, walls
from executions.sandbox.places import passing
from executions.sandbox.running import run


def main(folder: Path, line: str, is_bare: bool) -> None:
    program = None if is_bare else walls.bubblewrap()
    command = Command(["/bin/sh", "-c", line])
    with passing(folder) as place:
        start = (
            walls.inside(command, place, [folder], program)
            if program
            else walls.bare(command, place)
        )
        limits = Limits(512 * 1024**2, 64 * 1024**2)
        run(command, place, start, limits, deadline=Seconds(120))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "bare")
