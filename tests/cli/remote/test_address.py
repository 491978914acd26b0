"""Which server, as whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from executions.cli.exits import CommandError, ExitCode
from executions.cli.remote import kept
from executions.cli.remote.address import Address, checked, is_of_this_machine, resolve
from executions.cli.remote.kept import Kept

KEPT = Kept("https://kept.example", "kept-token")


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("STIGMER_SERVER", "STIGMER_TOKEN", "STIGMER_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_without_anything_it_is_the_server_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve() == Address("http://localhost:8000")
    monkeypatch.setenv("STIGMER_PORT", "9000")
    assert resolve() == Address("http://localhost:9000")
    monkeypatch.setenv("STIGMER_PORT", "0.0.0.0:9000")
    assert resolve() == Address("http://localhost:9000")
    monkeypatch.setenv("STIGMER_PORT", "192.0.2.7:9000")
    assert resolve() == Address("http://192.0.2.7:9000")
    monkeypatch.setenv("STIGMER_PORT", "eight thousand")
    with pytest.raises(CommandError, match="STIGMER_PORT is 'eight thousand'"):
        resolve()


def test_flags_win_over_the_environment_and_the_environment_over_what_was_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept.save(KEPT)
    assert resolve() == Address("https://kept.example", "kept-token")
    monkeypatch.setenv("STIGMER_SERVER", "https://environment.example")
    monkeypatch.setenv("STIGMER_TOKEN", "environment-token")
    assert resolve() == Address("https://environment.example", "environment-token")
    assert resolve("https://flag.example", "flag-token") == Address(
        "https://flag.example", "flag-token"
    )


def test_a_kept_token_never_goes_to_another_server() -> None:
    kept.save(KEPT)
    assert resolve("https://other.example") == Address("https://other.example")
    assert resolve("http://kept.example") == Address("http://kept.example")
    assert resolve("https://kept.example:8443").token == ""
    assert resolve("https://KEPT.example/") == Address("https://kept.example", "kept-token")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("stigmer.example.org", "https://stigmer.example.org"),
        ("https://example.org/stigmer/", "https://example.org/stigmer"),
    ],
)
def test_an_address_is_brought_into_one_form(given: str, expected: str) -> None:
    assert checked(given) == expected


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "ftp://example.org",
        "http://",
        "http://a:b@example.org",
        "http://example.org?x=1",
        "http://x:port",
    ],
)
def test_what_is_no_address_is_a_wrong_use(bad: str) -> None:
    with pytest.raises(CommandError, match="is not the address of a server") as refused:
        checked(bad)
    assert refused.value.code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("http://localhost:1", True),
        ("http://127.0.0.2", True),
        ("http://[::1]:8000", True),
        ("http://10.0.0.1", False),
    ],
)
def test_this_machine_is_known_by_its_address(server: str, expected: bool) -> None:
    assert is_of_this_machine(server) is expected
