"""People at terminals, before a live Stigmer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.live import LiveStigmer

WORKFLOWS = {
    "greet": "- hello: {set: {text: '${ \"Hello, \" + .name }'}}\n",
    "stops": (
        "- first: {set: {a: 1}}\n- breaks: {raise: {error: {type: https://example.org/broken,"
        " status: 400, title: It is broken}}, metadata: {optional: true}}\n- last: {set: {done:"
        " true}}\n"
    ),
    "waits": "- first: {set: {a: 1}}\n- nap: {wait: {seconds: 600}}\n- last: {set: {done: true}}\n",
    "ticks": (
        "- count:\n    for: {each: n, in: '${ [range(8)] }'}\n    do:\n    - tick: {wait:"
        " {milliseconds: 250}}\n"
    ),
}


def definition(name: str) -> str:
    head = f"document: {{dsl: '1.0.0', namespace: cli, name: {name}, version: '1.0.0'}}\n"
    return f"{head}do:\n{WORKFLOWS[name]}"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the definitions above."""
    made = tmp_path_factory.mktemp("definitions")
    for name in WORKFLOWS:
        (made / f"{name}.yaml").write_text(definition(name))
    return made


def sign_in(live: LiveStigmer, home: Path, name: str) -> Terminal:
    terminal = Terminal(home)
    said = terminal(
        "login", live.base_url, "--user", name, "--password-stdin", stdin=live.logins[name] + "\n"
    )
    assert said.code == 0, said
    return terminal


@pytest.fixture(scope="session")
def demo(
    live_stigmer: LiveStigmer, tmp_path_factory: pytest.TempPathFactory, folder: Path
) -> Terminal:
    """The demo person, signed in; the definitions above are applied."""
    terminal = sign_in(live_stigmer, tmp_path_factory.mktemp("demo"), "demo")
    said = terminal("apply", "-f", str(folder))
    assert said.code == 0, said
    return terminal


@pytest.fixture(scope="session")
def stranger(live_stigmer: LiveStigmer, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Nobody: knows the address, is not signed in."""
    return Terminal(tmp_path_factory.mktemp("stranger"), {"STIGMER_SERVER": live_stigmer.base_url})
