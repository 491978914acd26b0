"""What a shell is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str, tmp_path: Path) -> None:
    said = Terminal(tmp_path).apart("completion", shell)
    assert said.code == 0
    assert f"_STIGMER_COMPLETE=complete_{shell}" in said.out


def test_the_script_completes_commands_and_choices(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    words = {"_STIGMER_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    assert terminal.apart(**words, COMP_WORDS="stigmer desc").out.split() == ["describe"]
    words["COMP_CWORD"] = "2"
    assert terminal.apart(**words, COMP_WORDS="stigmer run w").out.split() == ["workflow"]
