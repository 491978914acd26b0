from __future__ import annotations

import pytest

from executions.worker.writers import share
from stigmer_site.databases import MOST_CONNECTIONS


@pytest.mark.parametrize(("connections", "writing"), [(14, 8), (40, 8), (8, 2), (7, 1), (2, 1)])
def test_writers_take_eight_connections_at_most_and_leave_six_while_there_are_more(
    connections: int, writing: int
) -> None:
    assert share(connections) == writing


def test_the_connections_of_a_process_suffice_for_all_its_writers() -> None:
    assert share(int(MOST_CONNECTIONS)) == 8
