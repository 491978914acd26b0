"""The figures of one run as a chart, and as tables between two marks of docs/performance.md."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from benchmarks.chart import Group, chart
from benchmarks.measured import OURS, Found, medians, ratios
from benchmarks.others import PEERS
from benchmarks.surroundings import ROOT

PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "images" / "performance.svg"
BEGIN, END = "<!-- The last run, written by benchmarks.compare -->", "<!-- End of the last run -->"
TITLE = "Ten trivial steps, two worker processes each"
FIGURES = {
    "workflows_per_second": "Workflows a second",
    "step_to_step_ms": "Step to step, ms (p50)",
    "step_to_step_p99_ms": "Step to step, ms (p99)",
    "idle_start_ms": "Idle start, ms (p50)",
    "worker_cpu_ms": "Worker CPU, ms a workflow",
    "database_cpu_ms": "PostgreSQL and Redis CPU, ms a workflow",
    "additions_ms": "A million additions, ms",
}
DRAWN = ("workflows_per_second", "step_to_step_ms", "idle_start_ms", "worker_cpu_ms")
OUR_KEPT = "a committed row for each step"
Values = Callable[[str], Mapping[str, float]]


def written(by_system: Found, at: datetime) -> tuple[Path, Path]:
    """Renew the page and its chart; gives the files."""
    CHART.write_text(drawing(by_system))
    PAGE.write_text(between_marks(PAGE.read_text(), tables(by_system, at, os.cpu_count() or 1)))
    return PAGE, CHART


def between_marks(page: str, text: str) -> str:
    """The page with ``text`` in the place of what stood between the marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page needs the marks {BEGIN} and {END}, in this order.")
    return f"{before}{begin}\n{text}\n{end}{after}"


def tables(by_system: Found, at: datetime, cores: int) -> str:
    """When and where; the medians; ours as a multiple of each peer's."""
    rounds = [each for of_one in by_system.values() for each in of_one]
    loads = [each.load for each in rounds]
    intro = (
        f"{at:%Y-%m-%d}, {cores} cores, load {min(loads):g} to {max(loads):g}, rounds:"
        f" {len(by_system[OURS])}, medians over them."
    )
    kept = {OURS: OUR_KEPT} | {peer.name: peer.kept for peer in PEERS}
    beside = [name for name in by_system if name != OURS]
    middle = _rows(list(by_system), partial(medians, by_system), "g")
    ratio = _rows(beside, partial(ratios, by_system), ".2f")
    return "\n".join(
        [
            f"![{TITLE}](images/{CHART.name})",
            "",
            intro,
            "",
            *_table(["", *by_system], [*middle, ["Kept", *(kept[name] for name in by_system)]]),
            "",
            "Ours ÷ theirs, each in the same round:",
            "",
            *_table(["", *beside], ratio),
        ]
    )


def _rows(names: Sequence[str], values: Values, form: str) -> list[list[str]]:
    """A row for each figure, with a cell for each system."""
    return [
        [title, *(format(values(key)[name], form) for name in names)]
        for key, title in FIGURES.items()
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for index, row in enumerate([head, *rows]):
        yield f"| {' | '.join(row)} |".replace("|  |", "| |")
        if not index:
            yield "|" + "---|" * len(head)


def drawing(by_system: Found) -> str:
    """The chart: one group a figure, with ours as a multiple of each peer's in brackets."""
    groups = []
    for key in DRAWN:
        values, beside = medians(by_system, key), ratios(by_system, key)
        better = "more" if key == "workflows_per_second" else "less"
        said = {
            name: f"{value:g}" + (f" (ours {beside[name]:.2f} ×)" if name in beside else "")
            for name, value in values.items()
        }
        groups.append(Group(f"{FIGURES[key]}; {better} is better", values, said))
    return chart(TITLE, groups)
