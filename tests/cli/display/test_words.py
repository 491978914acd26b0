"""Texts and times for a terminal."""

from __future__ import annotations

import json

import pytest

from executions.cli.display.words import clock, count, plain, pretty, step_of, took

HOSTILE = "a\x1b[2J\x1b]0;title\x07b\r\nc\u202ed\x00"


def test_what_would_steer_the_terminal_is_shown_as_unprintable() -> None:
    shown = plain(HOSTILE)
    assert shown.isprintable()
    assert shown.startswith("a\N{REPLACEMENT CHARACTER}[2J")


def test_json_for_people_keeps_its_value_and_escapes_what_steers_terminals() -> None:
    value = {"text": HOSTILE, "é": [1, "line\nbreak"]}
    shown = pretty(value)
    assert all(each.isprintable() or each == "\n" for each in shown)
    assert json.loads(shown) == value and "é" in shown


@pytest.mark.parametrize("character", ["\U000e0001", "\U0010ffff", "😀"])
def test_characters_beyond_the_basic_plane_keep_their_value(character: str) -> None:
    assert json.loads(pretty(character)) == character


def test_a_duration_is_exact_while_it_is_short() -> None:
    begin = "2026-01-01T00:00:00Z"
    assert took(begin, "2026-01-01T00:00:00.034Z") == "34 ms"
    assert took(begin, "2026-01-01T00:00:02.500Z") == "2.5 s"
    assert took(begin, "2026-01-01T00:03:00Z") == "3 min 0 s"
    assert took(begin, None) == took(None, begin) == "-"


def test_what_is_missing_is_a_dash_or_a_gap() -> None:
    assert plain(None) == step_of("") == step_of(None) == "-"
    assert clock(None) == " " * 8


def test_numbers_carry_their_noun() -> None:
    assert (count(1, "step"), count(0, "step")) == ("1 step", "0 steps")
    assert step_of("/rows/@3/parse") == "rows/@3/parse"
