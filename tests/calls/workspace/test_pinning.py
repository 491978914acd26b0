"""Git connects to the address of a listed host that was looked at, whatever its name says later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from executions.calls.workspace import git, pinning
from executions.calls.workspace.repositories import NotAllowed, Repository, find
from executions.hosts import parse_address
from executions.isolation.visit import Seconds
from executions.sandbox import Limits, Standing

HOST = "git.example.org"
# In place of git: it notes what it was asked, and makes the folder that `init` would.
NOTES = """#!/bin/sh
printf '%s\\n' "$@" >> "{0}"
[ "$1" != init ] || mkdir "$5"
"""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in pinning.PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    known: dict[str, list[str]] = {HOST: ["203.0.113.7", "2001:db8::7"]}
    monkeypatch.setattr(
        pinning, "resolved", lambda host, port: [parse_address(each) for each in known[host]]
    )
    return known


def listed(address: str) -> Repository:
    return find(address, {}, (HOST, "localhost", "127.0.0.1"))


def test_a_fetch_is_bound_to_what_the_name_says_now_and_follows_no_redirect(
    names: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, notes = tmp_path / "git", tmp_path / "notes"
    program.write_text(NOTES.format(notes))
    program.chmod(0o755)
    monkeypatch.setattr(git, "program", lambda: str(program))
    limits = Limits(512 * 1024**2, 64 * 1024**2)
    around = git.Sandbox(tmp_path, Standing(""), [], limits, Seconds(60))
    git.fetch(listed(f"https://{HOST}:8443/shop.git"), around)
    told = notes.read_text().split("\n")
    asked = told[told.index("--git-dir") : told.index("fetch")]
    assert f"http.curloptResolve={HOST}:8443:203.0.113.7,[2001:db8::7]" in asked
    assert "http.followRedirects=false" in asked


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "0.0.0.0"])
def test_a_listed_name_that_leads_to_the_machine_itself_is_refused(
    names: dict[str, list[str]], address: str
) -> None:
    names[HOST].append(address)
    with pytest.raises(NotAllowed, match=f"{HOST} has the address {address}"):
        pinning.pinned(listed(f"https://{HOST}/shop.git"))


def test_localhost_is_looked_up_and_refused() -> None:
    with pytest.raises(NotAllowed, match="localhost has the address"):
        pinning.pinned(listed("https://localhost/shop.git"))


def test_a_host_of_the_own_network_may_be_listed(names: dict[str, list[str]]) -> None:
    names[HOST] = ["10.1.2.3"]
    told = pinning.pinned(listed(f"https://{HOST}/shop.git"))
    assert told == ["-c", f"http.curloptResolve={HOST}:443:10.1.2.3"]


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1:8443/shop.git", f"ssh://git@{HOST}/shop.git"]
)
def test_where_there_is_no_name_to_look_up_nothing_is_bound(address: str) -> None:
    assert pinning.pinned(listed(address)) == []


def test_what_the_operator_names_is_fetched_from_wherever_it_is() -> None:
    named = find("shop", {"shop": "https://localhost/shop.git"}, ())
    assert pinning.pinned(named) == []


def test_through_a_proxy_nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org:3128")
    assert pinning.pinned(listed("https://localhost/shop.git")) == []


def test_a_port_that_is_none_is_said() -> None:
    with pytest.raises(NotAllowed, match="Port out of range"):
        pinning.pinned(listed(f"https://{HOST}:99999/shop.git"))
