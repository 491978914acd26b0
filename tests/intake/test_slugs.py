"""Slugs: lower-case ASCII letters, digits and single hyphens; never empty, never like an id, never
cut.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.errors import Refused
from executions.ids import public_id, uuid7
from executions.intake.slugs import slug_of


@given(st.text(max_size=300))
def test_a_slug_is_clean_and_its_own_slug_or_the_name_is_refused(name: str) -> None:
    try:
        slug = slug_of(name)
    except Refused as refused:
        assert refused.code == "invalid"
        return
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert slug_of(slug) == slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Workflow", "my-workflow"),
        ("--a  b--", "a-b"),
        ("Büro & Co.", "bro-co"),
        ("a_b", "ab"),
        ("A1", "a1"),
    ],
)
def test_names_give_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_long_names_that_differ_at_their_end_differ() -> None:
    assert slug_of("x" * 100 + "a") != slug_of("x" * 100 + "b")


@pytest.mark.parametrize("name", ["", "   ", "日本語", "!!!", "---"])
def test_a_name_of_which_nothing_is_left_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="empty slug"):
        slug_of(name)


def test_a_name_that_reads_like_an_id_is_refused() -> None:
    with pytest.raises(Refused, match="reads like an id"):
        slug_of(public_id("wex", uuid7()))
