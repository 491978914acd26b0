"""The page about adding is true: each section, carried out on a copy, gives something that every
door knows.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live import ROOT

PAGE = (ROOT / "docs" / "how-to-add.md").read_text()
COPIED = (
    "benchmarks",
    "dashboard",
    "docs",
    "examples",
    "executions",
    "static",
    "stigmer_site",
    "templates",
    "tests",
)
PRODUCT = ("dashboard/", "executions/", "static/", "stigmer_site/", "templates/")
MIGRATIONS = "executions/migrations/"


@dataclass(frozen=True, slots=True)
class Section:
    """``guard`` asks every door about ``name``, in so many tests; so many files of the product may
    be touched, beside a migration.
    """

    guard: str
    name: str
    files: int
    tests: int = 6
    migrations: int = 0
    # The guard asks also for what is beside the product: an example, a line of a page.
    wants_more: bool = True


SECTIONS = {
    "A call kind": Section("tests/language/test_kinds.py", "shout", 3),
    "A task kind": Section("tests/language/test_kinds.py", "twice", 2),
    "A verb": Section("tests/verbs/test_rows.py", "rest", 2),
    "A channel": Section("tests/outbound/test_kinds.py", "pager", 2, tests=5),
    "A metric": Section(
        "tests/health/test_metrics.py::test_each_metric_reads_the_database_and_says_what_it_is",
        "cancels",
        1,
        tests=1,
        wants_more=False,
    ),
    "A phase": Section(
        "tests/test_doors.py::test_every_door_knows_each_phase tests/test_states.py "
        "tests/verbs/deciding/test_override.py::test_an_administrator_may_say_what_has_words",
        "ARCHIVED",
        1,
        tests=2,
        migrations=1,
        wants_more=False,
    ),
    "A list column, stored": Section(
        "tests/dashboard/views/test_executions.py::test_every_column_that_sorts_does_so_both_ways "
        "tests/dashboard/views/test_executions.py"
        "::test_each_column_can_be_chosen_and_is_in_a_row_that_is_pushed "
        "tests/test_states.py tests/verbs/deciding/test_override.py",
        "paused",
        4,
        tests=1,
        migrations=1,
        wants_more=False,
    ),
    "An event": Section("tests/test_doors.py", "WORKFLOW_RESTED", 1, tests=1, wants_more=False),
}


def steps(section: str) -> list[tuple[str, str, str]]:
    """The file, the language and the text of each block of a section, in its order."""
    text = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    found, path, language, block = [], "", "", ""
    for line in text.splitlines(keepends=True):
        if named := re.search(r"(?:Make|Change) `([^`]+)`", line):
            path = named[1]
        if line.startswith("```"):
            if language:
                found.append((path, language, block))
            language, block = ("" if language else line[3:].strip()), ""
        elif language:
            block += line
    return found


def carry_out(copy: Path, path: str, language: str, block: str) -> None:
    if language == "sh":
        run(copy, shlex.split(block))
        return
    file = copy / path
    if language != "diff":
        assert not file.exists(), path
        file.parent.mkdir(exist_ok=True)
        file.write_text(block)
        return
    lines = [line or " " for line in block.splitlines()]
    before = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
    after = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
    text = file.read_text()
    assert text.count(before) == 1, f"{path} has no such lines, or has them twice:\n{before}"
    file.write_text(text.replace(before, after))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    for name in COPIED:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "vendor")
        )
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(copy: Path, command: list[str]) -> None:
    """A command of the page, with the settings of the tests: no folder of an installation."""
    assert command[0] == "python", command
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, *command[1:]],
        cwd=copy,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def product_files(folder: Path) -> set[tuple[str, bytes]]:
    return {
        (path.relative_to(folder).as_posix(), path.read_bytes())
        for part in PRODUCT
        for path in (folder / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def guarded(copy: Path, guard: str) -> subprocess.CompletedProcess[str]:
    """With services and a database of its own: those of this run are in use."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *guard.split()]
    theirs = ("STIGMER_TEST_FOLDER", "PYTEST_XDIST", "DATABASE_URL", "REDIS_URL")
    own = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    return subprocess.run(command, cwd=copy, env=own, capture_output=True, text=True)


@pytest.mark.parametrize("section", SECTIONS)
def test_what_a_section_adds_is_known_to_every_door(
    section: str, original: Path, tmp_path: Path
) -> None:
    wanted = SECTIONS[section]
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    for path, language, block in steps(section):
        carry_out(copy, path, language, block)
    touched = {path for path, _ in product_files(copy) - product_files(original)}
    migrations = {path for path in touched if path.startswith(MIGRATIONS)}
    assert (len(touched - migrations), len(migrations)) == (wanted.files, wanted.migrations)
    done = guarded(copy, wanted.guard)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert len(re.findall(rf"\[{wanted.name}\] PASSED", done.stdout)) >= wanted.tests


@pytest.mark.parametrize("section", [name for name, each in SECTIONS.items() if each.wants_more])
def test_a_section_with_a_step_left_out_is_noticed(
    section: str, original: Path, tmp_path: Path
) -> None:
    wanted = SECTIONS[section]
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    for path, language, block in steps(section):
        if path.startswith(PRODUCT):
            carry_out(copy, path, language, block)
    done = guarded(copy, wanted.guard)
    assert done.returncode == 1
    assert re.search(rf"\[{wanted.name}\] FAILED", done.stdout)
