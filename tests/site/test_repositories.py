"""``STIGMER_REPOSITORIES``: names with their addresses, and hosts."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from stigmer_site.repositories import parsed


def test_names_and_hosts_stand_in_one_list() -> None:
    assert parsed([]) == ({}, [])
    entries = ["shop=https://git.example.org/shop.git?a=b", " Git.example.org/* ", "work=/srv/work"]
    addresses = {"shop": "https://git.example.org/shop.git?a=b", "work": "/srv/work"}
    assert parsed(entries) == (addresses, ["git.example.org"])


@pytest.mark.parametrize(
    "entry", ["", "*", "/*", "https://git.example.org/*", "https://u:canary@git.example.org", "a="]
)
def test_what_is_neither_is_refused_and_not_shown(entry: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="Entry 2 of STIGMER_REPOSITORIES") as refused:
        parsed(["git.example.org/*", entry])
    assert "canary" not in str(refused.value)
