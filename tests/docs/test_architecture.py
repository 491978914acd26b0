"""The drawing of the house shows every room, and each where the import contract has it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.live import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
DRAWING = PAGE.partition("executions/\n")[2].partition("```")[0]


def test_the_drawing_has_every_room_on_the_floor_that_the_contract_gives_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    floors = [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]
    floor_of = {room: number for number, rooms in enumerate(floors) for room in rooms}
    drawn = [re.findall(r"\w+", line[:38]) for line in DRAWING.splitlines()]
    assert {room for line in drawn for room in line} == set(floor_of)
    numbers = [[floor_of[room] for room in line] for line in drawn]
    assert [sorted({*line}) for line in numbers if len({*line}) > 1] == []
    floors_drawn = [line[0] for line in numbers]
    assert floors_drawn == sorted(floors_drawn)


def test_every_folder_of_a_room_is_named_among_its_parts() -> None:
    parts = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE))
    missing = [
        str(folder.relative_to(ROOT))
        for folder in _folders()
        if f"`{folder.name}`" not in parts.get(folder.parent.name, "")
    ]
    assert missing == []


@pytest.mark.parametrize("package", ["dashboard", "stigmer_site"])
def test_every_file_beside_the_rooms_of_the_site_and_the_dashboard_has_a_line(package: str) -> None:
    part = PAGE.partition(f"The files beside the rooms of `{package}`:\n\n")[2]
    table = part.partition("\n\n")[0]
    listed = re.findall(r"^\| `(\w+\.py)` \| .+ \|$", table, re.MULTILINE)
    files = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py"}
    assert listed == sorted(files)


def _folders() -> list[Path]:
    """Packages inside rooms of executions/, and those of the dashboard and the site."""
    inner = [*(ROOT / "executions").glob("*/*/"), *(ROOT / "dashboard").glob("*/")]
    inner += (ROOT / "stigmer_site").glob("*/")
    return [folder for folder in inner if folder.is_dir() and any(folder.glob("*.py"))]
