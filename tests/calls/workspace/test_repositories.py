"""Which repositories are fetched: those that are named, and addresses of hosts that are listed."""

from __future__ import annotations

import pytest

from executions.calls.workspace.repositories import NotAllowed, find

NAMED = {"shop": "https://git.example.org/shop.git"}
HOSTS = ("git.example.org",)


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("shop", "https://git.example.org/shop.git"),
        ("https://git.example.org/other.git", "https://git.example.org/other.git"),
        ("https://git.example.org:8443/other.git", "https://git.example.org:8443/other.git"),
        ("ssh://git@git.example.org/other.git", "ssh://git@git.example.org/other.git"),
    ],
)
def test_a_name_and_an_address_of_a_listed_host_are_fetched(asked: str, address: str) -> None:
    found = find(asked, NAMED, HOSTS)
    assert (found.address, found.is_local) == (address, False)


@pytest.mark.parametrize(
    "asked",
    [
        "other",
        "/srv/shop",
        "file:///srv/shop",
        "http://git.example.org/shop.git",
        "git://git.example.org/shop.git",
        "ext::sh -c touch",
        "git@git.example.org:shop.git",
        "https://example.org/shop.git",
        "https://git.example.org.evil.example/shop.git",
        "https://evil.example/git.example.org",
        "https://git.example.org@evil.example/shop.git",
        "https://user@git.example.org/shop.git",
        "https://user:word@git.example.org/shop.git",
        "ssh://git:word@git.example.org/shop.git",
    ],
)
def test_nothing_else_is(asked: str) -> None:
    with pytest.raises(NotAllowed):
        find(asked, NAMED, HOSTS)
