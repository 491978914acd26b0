"""Signing in to a live Stigmer, and tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import sign_in
from tests.cli.terminal import Terminal
from tests.live import LiveStigmer, free_ports

pytestmark = pytest.mark.processes


def test_logging_out_revokes_the_token(live_stigmer: LiveStigmer, tmp_path: Path) -> None:
    terminal = sign_in(live_stigmer, tmp_path, "demo")
    token = json.loads((tmp_path / "stigmer" / "config.json").read_text())["token"]
    assert terminal("list", "workflows").code == 0
    assert terminal("logout").out == f"Signed out of {live_stigmer.base_url}.\n"
    assert not (tmp_path / "stigmer" / "config.json").exists()
    said = terminal("list", "workflows", "--server", live_stigmer.base_url, "--token", token)
    assert said.code == 5
    assert "Run `stigmer login`" in said.err


def test_a_wrong_password_is_refused_and_nothing_is_kept(stranger: Terminal) -> None:
    said = stranger("login", "--user", "demo", "--password-stdin", stdin="wrong\n")
    assert said.code == 5, said
    assert said.err.startswith("stigmer: ") and "wrong" not in said.err
    assert not (stranger.home / "stigmer" / "config.json").exists()


def test_a_given_token_is_tried_before_it_is_kept(stranger: Terminal) -> None:
    assert stranger("login", "--token", "stg_nonsense").code == 5
    assert not (stranger.home / "stigmer" / "config.json").exists()


def test_without_a_terminal_nobody_is_asked(stranger: Terminal) -> None:
    assert stranger("login").code == 2
    assert stranger("login", "--user", "demo").code == 2


def test_nobody_signed_in_is_told_what_to_do(stranger: Terminal) -> None:
    said = stranger("list", "workflows")
    assert said.code == 5, said
    assert (
        said.err
        == "stigmer: The request carries neither a token nor a session. Run `stigmer login`, or set"
        " STIGMER_TOKEN.\n"
    )


def test_a_server_that_is_not_there_is_unavailable(stranger: Terminal) -> None:
    said = stranger("list", "workflows", STIGMER_SERVER=f"http://localhost:{free_ports(1)[0]}")
    assert said.code == 6, said
    assert "Start it with `stigmer up`" in said.err and said.err.count("\n") == 1


def test_something_else_that_answers_is_no_stigmer(
    live_stigmer: LiveStigmer, stranger: Terminal
) -> None:
    said = stranger("list", "workflows", STIGMER_SERVER=live_stigmer.demo_url)
    assert said.code == 1, said
    assert "not as a Stigmer" in said.err


def test_a_token_is_made_with_the_password_listed_without_its_secret_and_revoked(
    demo: Terminal, live_stigmer: LiveStigmer
) -> None:
    refused = demo("token", "create", "ci")
    assert refused.code == 5 and "--user" in refused.err
    made = demo(
        "token",
        "create",
        "ci",
        "--scope",
        "read",
        "--user",
        "demo",
        "--password-stdin",
        stdin=live_stigmer.logins["demo"] + "\n",
    )
    assert made.code == 0, made
    secret, token_id = made.out.strip(), made.err.split()[0]
    reader = Terminal(
        demo.home / "reader", {"STIGMER_SERVER": live_stigmer.base_url, "STIGMER_TOKEN": secret}
    )
    assert reader("list", "workflows").code == 0
    assert reader("run", "workflow", "greet", "-i", "name=x").code == 5
    listed = demo("token", "list").out
    assert token_id in listed and secret not in listed
    assert demo("token", "revoke", token_id).out == f"{token_id} revoked\n"
    assert reader("list", "workflows").code == 5
