from __future__ import annotations

from collections.abc import Iterator

import pytest

from executions.health.gauges import add_gauge, gauges
from executions.health.metrics import exposition

pytestmark = pytest.mark.django_db


@pytest.fixture
def added() -> Iterator[str]:
    yield "kettles"
    gauges.pop("kettles", None)


def test_readers_of_one_name_are_one_metric_with_labels(added: str) -> None:
    water = {"level": 2.0}
    add_gauge(added, "Water in kettles.", lambda: water["level"], room="kitchen")
    add_gauge(added, "Water in kettles.", lambda: 1, room="attic")
    assert gauge_lines(added) == [
        "# HELP stigmer_kettles Water in kettles.",
        "# TYPE stigmer_kettles gauge",
        'stigmer_kettles{room="attic"} 1.0',
        'stigmer_kettles{room="kitchen"} 2.0',
    ]
    water["level"] = 0.5
    assert gauge_lines(added)[-1] == 'stigmer_kettles{room="kitchen"} 0.5'


def gauge_lines(name: str) -> list[str]:
    return [line for line in exposition().splitlines() if f"stigmer_{name}" in line]
