"""A small, seeded part of the fault harness in every run of the tests; `make faults` does the
whole.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.faults.harness.rig import ROOT
from tests.settings import TEST_DATABASE

SEED = 7
LONGEST_SECONDS = 300


@pytest.mark.processes
@pytest.mark.database
def test_a_seeded_part_of_the_faults_violates_nothing() -> None:
    ours = ("STIGMER_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "PYTEST_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "tests.faults.harness.smoke", TEST_DATABASE, str(SEED)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
