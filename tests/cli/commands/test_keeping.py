"""Retention from a shell, in an installation of its own."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.terminal import Terminal
from tests.live import free_ports


def test_what_there_is_to_keep_is_said_and_bad_input_is_explained(tmp_path: Path) -> None:
    terminal = Terminal(
        tmp_path / "person",
        {
            "STIGMER_HOME": str(tmp_path / "home"),
            "STIGMER_PORT": str(free_ports(1)[0]),
            "STIGMER_RETENTION": "COMPLETED=30,FAILED=180",
        },
    )
    assert terminal.apart("migrate").code == 0
    assert terminal.apart("prune", "--dry-run").out == "0 runs would be archived.\n"
    told = json.loads(terminal.apart("prune", "-o", "json").out)
    assert told["executions"] == 0
    assert "gives back what is free by itself" in terminal.apart("vacuum").out
    said = terminal.apart("import", str(tmp_path / "nothing.gz"), "--list")
    assert (said.code, "cannot be read as an archive" in said.err) == (1, True), said
    said = terminal.apart("import", str(tmp_path / "nothing.gz"))
    assert (said.code, "--as NAME" in said.err) == (2, True), said
    said = terminal.apart("export", "nonsense")
    assert (said.code, "is not the id of a run" in said.err) == (2, True), said


def test_a_rule_that_cannot_be_is_named_before_anything_starts(tmp_path: Path) -> None:
    for value, words in (("RUNNING=3", "no phase in which a run ends"), ("FAILED=-1", "days")):
        terminal = Terminal(
            tmp_path / "person",
            {"STIGMER_HOME": str(tmp_path / "home"), "STIGMER_RETENTION": value},
        )
        said = terminal.apart("check")
        assert said.code != 0 and words in said.err + said.out, said
