"""The session in docs/transcript.md, played against a live Stigmer.

``TRANSCRIPT=write`` records it anew instead of comparing it.
"""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.cli.transcript import Player, comparable
from tests.live import ROOT, LiveStigmer

pytestmark = pytest.mark.processes
PAGE = ROOT / "docs" / "transcript.md"
MORE = "There are more than these 1: --limit shows more.\n"


def control(live: LiveStigmer, body: str) -> str:
    """Tell the demo shop something, as curl would."""
    request = urllib.request.Request(
        f"{live.demo_url}/control",
        body.encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200
    return ""


@pytest.fixture
def shop(live_stigmer: LiveStigmer) -> Iterator[None]:
    """The demo shop with full shelves and no faults, before and after."""
    control(live_stigmer, '{"reset": true}')
    yield
    control(live_stigmer, '{"reset": true}')


@pytest.fixture
def run(live_stigmer: LiveStigmer, tmp_path: Path) -> Callable[[list[str], str], tuple[str, int]]:
    """Runs a command line of the page, with the addresses of today in it and those of the page in
    what it prints.
    """
    config = tmp_path / "config"
    terminal = Terminal(config)
    real_to_written = {
        live_stigmer.base_url: "http://localhost:8000",
        live_stigmer.demo_url: "http://127.0.0.1:8001",
        str(config): "~/.config",
    }

    def ran(words: list[str], stdin: str) -> tuple[str, int]:
        for real, written in real_to_written.items():
            words = [word.replace(written, real) for word in words]
        if words[0] == "curl":
            return control(live_stigmer, words[words.index("-d") + 1]), 0
        assert words[0] == "stigmer"
        said = terminal(*words[1:], stdin=stdin)
        text = said.out + said.err
        for real, written in real_to_written.items():
            text = text.replace(real, written)
        # Others who used this Stigmer before may have left failed runs of that workflow.
        return text.replace(MORE, ""), said.code

    return ran


@pytest.mark.usefixtures("shop")
def test_every_line_of_the_session_is_as_it_is_written(
    live_stigmer: LiveStigmer,
    run: Callable[[list[str], str], tuple[str, int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text(live_stigmer.logins["demo"] + "\n")
    player = Player(run, tmp_path)
    text = PAGE.read_text()
    if os.environ.get("TRANSCRIPT") == "write":
        PAGE.write_text(recorded(text, player))
        return
    for command, expected, printed in player.play(text):
        assert comparable(printed) == comparable(player.form(expected)), f"$ {command}\n{printed}"


def recorded(text: str, player: Player) -> str:
    """The page with what the commands print today."""
    done, rest = "", text
    for command, expected, printed in player.play(text):
        written = f"$ {command}\n" + (f"{expected}\n" if expected else "")
        before, _, rest = rest.partition(written)
        done += f"{before}$ {player.form(command)}\n" + (f"{printed}\n" if printed else "")
    return done + rest
