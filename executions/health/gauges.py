"""Figures that only a process itself knows, beside those of the database: whoever has one registers
it here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Gauge:
    """``reads`` gives the present value for each set of labels."""

    help: str
    reads: dict[Labels, Callable[[], float]] = field(default_factory=dict)


gauges: dict[str, Gauge] = {}


def add_gauge(name: str, help: str, read: Callable[[], float], **labels: str) -> None:
    """Let this process' page show one more figure of its own.

    The same name with other labels is the same metric.
    """
    gauges.setdefault(name, Gauge(help)).reads[tuple(sorted(labels.items()))] = read


def add_sockets(door: str, count: Callable[[], int]) -> None:
    """How many sockets and streams of this door the process serves now."""
    add_gauge(
        "sockets",
        "Open live sockets and event streams of this web server, by door.",
        count,
        door=door,
    )
