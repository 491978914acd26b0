"""Definitions from files to a live Stigmer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import definition
from tests.cli.terminal import Terminal

BAD = (
    "document: {dsl: '1.0.0', namespace: cli, name: bad, version: '1.0.0'}\ndo:\n- one: {sett: {a:"
    " 1}}\n"
)


@pytest.mark.processes
def test_the_same_text_changes_nothing_and_another_one_is_a_new_version(
    demo: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "again.yaml"
    file.write_text(definition("greet").replace("name: greet", "name: again"))
    assert (
        demo("apply", "-f", str(file), "--dry-run").out
        == "workflow again: created, version 1 (dry run)\n"
    )
    assert demo("get", "workflow", "again").code == 4
    assert demo("apply", "-f", str(file)).out == "workflow again: created, version 1\n"
    assert demo("apply", "-f", str(file)).out == "workflow again: unchanged, version 1\n"
    changed = file.read_text().replace("Hello", "Good day")
    said = demo("apply", "-f", "-", "-m", "A warmer greeting", stdin=changed)
    assert said.out == "workflow again: updated, version 2\n"
    assert "A warmer greeting" in demo("list", "versions", "--of", "again").out


@pytest.mark.processes
def test_one_bad_file_of_a_folder_is_named_with_its_line_and_the_others_are_applied(
    demo: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "helper.yaml").write_text(
        "name: helper\ninstructions: Help people with their questions.\n"
    )
    (tmp_path / "notes.txt").write_text("no definition")
    said = demo("apply", "-f", str(tmp_path))
    assert said.code == 1, said
    assert said.out == "agent helper: created, version 1\n"
    assert (
        said.err.startswith(f"{tmp_path / 'bad.yaml'}: line 3, /do/0/one: ")
        and "did you mean `set`?" in said.err
    )


@pytest.mark.processes
def test_validate_asks_the_server_and_stores_nothing(demo: Terminal, tmp_path: Path) -> None:
    (tmp_path / "fine.yaml").write_text(definition("greet").replace("name: greet", "name: fine"))
    assert demo("validate", str(tmp_path)).out == f"{tmp_path / 'fine.yaml'}: valid workflow\n"
    assert demo("get", "workflow", "fine").code == 4


def test_validate_finds_the_same_without_a_server(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(BAD)
    said = Terminal(tmp_path)("validate", "--offline", str(file))
    assert said.code == 1
    assert "line 3, /do/0/one: " in said.err and "did you mean `set`?" in said.err


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_is_not_there_and_a_folder_without_definitions_are_wrong_uses(
    name: str, tmp_path: Path
) -> None:
    said = Terminal(tmp_path)("validate", "--offline", str(tmp_path / name))
    assert said.code == 2
    assert said.err.count("\n") == 1
