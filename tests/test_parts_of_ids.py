"""Parts of public ids: which UUIDs they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.ids import hex_of_end, ids_that_begin, public_id, uuid7


@given(st.uuids(), st.integers(1, 26))
def test_a_beginning_stands_for_all_ids_that_begin_so(key, length) -> None:
    text = public_id("wex", key)[: 4 + length]
    bounds = ids_that_begin(text, "wex")
    assert bounds is not None and bounds[0] <= key <= bounds[1]
    assert public_id("wex", bounds[0]).startswith(text)
    assert public_id("wex", bounds[1]).startswith(text)


@given(st.uuids(), st.integers(5, 9))
def test_an_end_stands_for_the_last_digits(key, length) -> None:
    ended = hex_of_end(public_id("wex", key)[-length:])
    assert ended and key.hex.endswith(ended)


@pytest.mark.parametrize("text", ["", "wex", "wex-", "abc-01", "wex-ilou", "wex-" + "0" * 27])
def test_what_is_no_beginning_is_none(text) -> None:
    assert ids_that_begin(text, "wex") is None


def test_words_are_no_end_of_an_id() -> None:
    assert [hex_of_end(text) for text in ("till", "funds!", "a-b-c", "01234567890")] == [""] * 4
    assert hex_of_end(public_id("wex", uuid7())[-6:])
