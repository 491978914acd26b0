"""The command never prints a token, whatever is wrong with it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from executions.cli import discretion
from tests.cli.terminal import Said, Terminal
from tests.live import free_ports

TOKEN = "stg_" + "Ab3" * 14 + "x_Zz9Yy8"
PIECE = "Ab3Ab3Ab3Ab3"


class Parrot(BaseHTTPRequestHandler):
    """A server that repeats what it was sent."""

    def do_GET(self) -> None:
        said = {"detail": f"No: {self.path} {self.headers['Authorization']}", "title": "No"}
        body = json.dumps(said).encode()
        self.send_response(400)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def parrot() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Parrot) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def keep(home: Path, text: str) -> None:
    (home / "stigmer").mkdir(exist_ok=True)
    (home / "stigmer" / "config.json").write_text(text)


def shows_no_token(said: Said, code: int | None = None) -> None:
    assert said.code != 0, said
    assert PIECE.lower() not in f"{said}".lower(), said
    if code is not None:
        assert said.code == code, said


WRONG = [
    TOKEN,
    TOKEN + "\n" + TOKEN,
    TOKEN + "\r\nX-Other: 1",
    TOKEN + "ü",
    "\u2026" + TOKEN,
    TOKEN + "\0",
    TOKEN + " x",
    TOKEN[:30],
    TOKEN * 3,
    "Bearer " + TOKEN,
    '"' + TOKEN + '"',
    TOKEN + "\ud800",
    "x" * 2_000 + TOKEN,
]


@pytest.mark.parametrize("token", WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("command", [("list", "workflows"), ("login",)])
def test_a_token_that_is_wrong_is_not_shown(
    terminal: Terminal, parrot: str, command: tuple[str, ...], token: str
) -> None:
    shows_no_token(terminal(*command, "--server", parrot, "--token", token))
    shows_no_token(terminal(*command, f"--token={token}", STIGMER_SERVER=parrot))


@pytest.mark.parametrize("token", [token for token in WRONG if not {"\0", "\ud800"} & set(token)])
def test_a_token_of_the_environment_is_not_shown(
    terminal: Terminal, parrot: str, token: str
) -> None:
    shows_no_token(terminal("list", "workflows", STIGMER_SERVER=parrot, STIGMER_TOKEN=token))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"server": "SERVER", "token": TOKEN}),
        json.dumps({"server": "SERVER", "token": TOKEN + "\n"}),
        json.dumps({"server": "SERVER", "token": [TOKEN]}),
        json.dumps({"server": TOKEN, "token": TOKEN}),
        json.dumps({"server": "SERVER", TOKEN: "token"}),
        json.dumps([TOKEN]),
        '{"server": "SERVER", "token": "' + TOKEN,
        TOKEN,
    ],
)
def test_a_token_that_is_kept_is_not_shown(terminal: Terminal, parrot: str, text: str) -> None:
    keep(terminal.home, text.replace("SERVER", parrot))
    shows_no_token(terminal("list", "workflows"))
    said = terminal("logout")
    assert PIECE.lower() not in f"{said}".lower()


@pytest.mark.parametrize(
    "arguments",
    [
        (TOKEN,),
        ("list", TOKEN),
        ("list", "workflows", TOKEN),
        ("list", "workflows", "--server", TOKEN),
        ("list", "workflows", f"--{TOKEN}"),
        ("list", "workflows", "--output", TOKEN),
        ("login", TOKEN),
        ("login", f"https://{TOKEN}@host"),
        ("login", f"https://host/?token={TOKEN}"),
        ("list", "workflows", "--tokn", TOKEN),
        ("token", "revoke", TOKEN),
        ("run", TOKEN),
        ("get", "workflow", TOKEN),
        ("apply", TOKEN),
        ("token", TOKEN),
    ],
)
def test_a_token_in_the_wrong_place_is_not_shown(
    terminal: Terminal, parrot: str, arguments: tuple[str, ...]
) -> None:
    shows_no_token(terminal(*arguments, STIGMER_SERVER=parrot))


def test_line_ends_around_a_token_do_no_harm(terminal: Terminal, parrot: str) -> None:
    said = terminal("list", "workflows", STIGMER_SERVER=parrot, STIGMER_TOKEN=TOKEN + "\n")
    assert (
        said.err.startswith("stigmer: No: /api/v1/workflows")
        and f"Bearer {discretion.HIDDEN}" in said.err
    )


def test_a_server_that_is_not_there_makes_no_difference(terminal: Terminal) -> None:
    closed = f"http://127.0.0.1:{free_ports(1)[0]}"
    shows_no_token(terminal("list", "workflows", "--server", closed, "--token", TOKEN), 6)


def test_a_mistake_of_ours_shows_no_token(
    terminal: Terminal, parrot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(address: object) -> None:
        raise RuntimeError(f"cannot use {address}")

    monkeypatch.setattr("executions.cli.commands.remote.Client", breaks)
    said = terminal("list", "workflows", "--server", parrot, "--token", TOKEN)
    shows_no_token(said, 1)
    assert "RuntimeError: cannot use Address(" in said.err


def test_what_is_no_token_is_left_alone() -> None:
    assert discretion.hide("stg_orders of stigmer, --token") == "stg_orders of stigmer, --token"
