"""Public ids and the UUIDs behind them."""

from __future__ import annotations

import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.ids import parse_public_id, public_id, uuid7


@given(st.uuids())
def test_an_id_comes_back_from_its_text_in_either_case(value):
    text = public_id("wex", value)
    assert len(text) == 30
    assert text == text.lower()
    assert parse_public_id(text, "wex") == value
    assert parse_public_id("wex-" + text[4:].upper(), "wfl", "wex") == value


@given(st.uuids(), st.uuids())
def test_ids_sort_as_their_uuids(one, other):
    assert (public_id("wex", one) < public_id("wex", other)) is (one.int < other.int)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wex",
        "wex-",
        "wex-1",
        "wex-" + "z" * 26,
        "wex-" + "u" * 26,
        "wex-" + "é" * 26,
        "WEX-" + "0" * 26,
        "aex-" + "0" * 26,
        "wex-" + "0" * 27,
        "0" * 26,
    ],
)
def test_what_is_no_id_is_none(text):
    assert parse_public_id(text, "wex") is None


@given(st.text())
def test_no_text_breaks_the_reader(text):
    parse_public_id(text, "wex")


def test_uuids_are_of_version_7_and_never_go_backwards():
    made = [uuid7() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(value.version, value.variant) for value in made} == {(7, uuid.RFC_4122)}


def test_threads_never_get_the_same_one():
    made: list[uuid.UUID] = []
    threads = [
        threading.Thread(target=lambda: made.extend(uuid7() for _ in range(1000))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000
