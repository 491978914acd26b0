"""What a shell is told."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.live import ROOT, command
from tests.waiting import PATIENCE_SECONDS


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


# What bash does when somebody presses the key: the function that `complete` names is called with
# the command, the word and the word before.
_PRESS = """
eval "$(stigmer completion bash)"
[[ $(complete -p stigmer) =~ -F\\ ([_a-zA-Z]+) ]] || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
"${BASH_REMATCH[1]}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.processes
def test_a_real_bash_offers_commands_kinds_and_names(demo: Terminal, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("There is no bash here.")
    stigmer = tmp_path / "stigmer"
    stigmer.write_text(f'#!{bash}\nexec {shlex.join(command())} "$@"\n')
    stigmer.chmod(0o755)
    environment = demo.environment()
    environment |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def offered(*words: str) -> list[str]:
        pressed = [bash, "--norc", "--noprofile", "-c", _PRESS, "bash", *words]
        done = subprocess.run(
            pressed,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        return done.stdout.split()

    assert offered("stigmer", "desc") == ["describe"]
    assert offered("stigmer", "list", "work") == ["workflows", "workers"]
    assert offered("stigmer", "describe", "workflow", "gre") == ["greet"]
    assert offered("stigmer", "describe", "workflow", "no-such") == []
